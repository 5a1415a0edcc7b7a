import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { EnvironmentError, messageOf, UserError } from '../model/errors.ts';

/** A file of a capsule. */
export interface CapsuleEntry {
  /** With `/`, below the capsule's folder. */
  readonly name: string;
  readonly content: Uint8Array;
}

/** More than this is no capsule of this program's; a small archive can unpack to any size. */
const maxBytes = 2 * 1024 ** 3;
const maxEntries = 2000;

/**
 * Writes a .tar.gz with all entries in one folder; whole or not at all. The same entries give the same bytes.
 *
 * @throws EnvironmentError where it can't be written.
 */
export async function writeCapsule(path: string, folder: string, entries: readonly CapsuleEntry[], time: Date): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const archive = pack();
  for (const { name, content } of entries) archive.entry({ name: `${folder}/${name}`, mode: 0o644, mtime: time }, Buffer.from(content));
  archive.finalize();
  try {
    await pipeline(archive, createGzip(), createWriteStream(temporary));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new EnvironmentError(`the capsule ${path} can’t be written: ${messageOf(error)}`, 'name another folder with --output-dir', { cause: error });
  }
}

/** Only names that stay below the folder they are unpacked in: no way up, no root, nothing that another system takes for one. */
function isSafe(name: string): boolean {
  const parts = name.split('/');
  return parts.length > 1 && parts.length < 8 && parts.every((part) => /^[\w.@+=,-]+$/.test(part) && part !== '.' && part !== '..');
}

/**
 * Unpacks a capsule into an empty folder. Nothing but plain files is taken, and nothing outside of the one folder it holds.
 *
 * @returns the folder of the run.
 * @throws UserError where it is no sound capsule.
 */
export async function readCapsule(path: string, into: string): Promise<string> {
  const refuse = (why: string, cause?: unknown) =>
    new UserError(`${path} is no capsule of this program: ${why}`, 'make one with `nfstest-tui capsule RUN`', { cause });
  const archive = extract();
  let bytes = 0;
  let entries = 0;
  let top: string | null = null;
  async function* counted(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw refuse('it unpacks to more than 2 GiB');
      yield chunk;
    }
  }
  const take = async () => {
    for await (const entry of archive) {
      const { name, type } = entry.header;
      entries += 1;
      if (entries > maxEntries) throw refuse(`it holds more than ${maxEntries} files`);
      if (type === 'directory' && isSafe(`${name.replace(/\/$/, '')}/x`)) {
        entry.resume();
        continue;
      }
      if (type !== 'file') throw refuse(`'${name}' is a ${type ?? 'thing of unknown kind'}, not a file`);
      if (!isSafe(name)) throw refuse(`'${name}' would lie outside of its folder`);
      const [folder = ''] = name.split('/');
      top ??= folder;
      if (folder !== top) throw refuse('it holds more than one folder');
      const target = join(into, name);
      await mkdir(dirname(target), { recursive: true });
      // Never over a file that is there: two entries of one name are no accident.
      await pipeline(counted(entry as unknown as AsyncIterable<Buffer>), createWriteStream(target, { flags: 'wx' }));
    }
  };
  const reading = pipeline(createReadStream(path), createGunzip(), archive);
  try {
    await Promise.all([take(), reading]);
  } catch (error) {
    reading.catch(() => {});
    archive.destroy();
    if (error instanceof UserError) throw error;
    throw refuse(messageOf(error), error);
  }
  if (top === null) throw refuse('it is empty');
  return join(into, top);
}
