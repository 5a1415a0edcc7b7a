import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** SHA-256 over names, executable bits and contents of a folder's files, and over `extra`; paths for which `ignores` says yes are left out. */
export async function contentHash(folder: string, extra: unknown, ignores: (relativePath: string) => boolean = () => false): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(extra));
  const visit = async (path: string): Promise<void> => {
    const name = relative(folder, path);
    if (name !== '' && ignores(name)) return;
    const info = await lstat(path);
    if (info.isDirectory()) {
      for (const entry of (await readdir(path)).sort()) await visit(join(path, entry));
      return;
    }
    const content = info.isSymbolicLink() ? await readlink(path) : info.isFile() ? await readFile(path) : '';
    hash.update(`\0${name}\0${info.mode & 0o111}\0${content.length}\0`).update(content);
  };
  await visit(folder);
  return hash.digest('hex');
}
