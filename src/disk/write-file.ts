import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A name appears for good only when its folder is on disk. Some file systems can't do that for a folder; there is nothing to do about it then. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null);
  try {
    await folder?.sync().catch(() => {});
  } finally {
    await folder?.close();
  }
}

/**
 * Writes a whole file or none, also where the machine crashes: readers never see half of it. What could not be written leaves nothing behind.
 * A `mode` of 0o600 holds from the first byte on.
 */
export async function writeFileAtomically(path: string, text: string, { mode = 0o666 }: { readonly mode?: number } = {}): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const part = `${path}.${process.pid}-${randomUUID().slice(0, 8)}.part`;
  try {
    const file = await open(part, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(folder);
}
