import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConsoleScreen } from '../../components/console/console-screen.ts';
import { LogBuffer } from '../stream/ring-buffer.ts';
import { LineSplitter } from '../stream/split-lines.ts';
import { fewer, fixedRuns, hostileText } from './fake-input.ts';

beforeAll(fixedRuns);

/** What a screen shows of these bytes, once it has interpreted them. */
async function shown(chunks: readonly Uint8Array[]): Promise<readonly string[]> {
  const buffer = new LogBuffer({ notifyEveryMs: 0 });
  const splitter = new LineSplitter();
  const lines = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
  for (const line of lines) buffer.push(line);
  const screen = new ConsoleScreen(buffer);
  const looked = Promise.withResolvers<void>();
  const release = screen.subscribe(looked.resolve);
  if (lines.length > 0) await looked.promise;
  release();
  const { count, slice } = screen.getSnapshot();
  return slice(0, count);
}

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 500 }),
  fc.array(hostileText, { maxLength: 20 }).map((lines) => new TextEncoder().encode(lines.join('\n'))),
);

describe('ConsoleScreen', () => {
  it('shows rows without control characters, whatever the guest writes', { timeout: 20_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 4 }), async (chunks) => {
        const rows = await shown(chunks);
        expect(rows.length).toBeLessThanOrEqual(2030);
        for (const row of rows) expect(row).not.toMatch(/\p{Cc}/u);
      }),
      fewer(0.3),
    );
  });

  it.each(['b', 'L', 'M', 'S', 'T', 'I', 'Z', '@', 'P', 'X', 'A', 'H', 'r'])('an absurd number before %s takes no time', { timeout: 2_000 }, async (final) => {
    expect(await shown([Buffer.from(`before\u001b[2147483647${final}\u001b[2147483647;2147483647${final}\r\n\u001b[0m\u001b[Hafter`)])).not.toEqual([]);
  });

  it('keeps a bounded part of a flood', { timeout: 10_000 }, async () => {
    const rows = await shown([Buffer.from('a line of the guest\n'.repeat(200_000))]);
    expect(rows.length).toBeLessThanOrEqual(2030);
    expect(rows.at(-1)).toBe('a line of the guest');
  });
});
