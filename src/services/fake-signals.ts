/** A signal that never fires. */
export const never = { signal: new AbortController().signal } as const;

/** All text of a stream that comes to its end. */
export async function everything(output: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of output) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
