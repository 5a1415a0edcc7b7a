import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** How names go on: of a damaged file that was set aside (`read-json.ts`), and of one that was being written (`write-file.ts`). */
const setAside = /^\.corrupt-\d{8}-\d{6}$/;
const part = /^\.\d+-[\da-f]{8}\.part$/;
/** What `mkdtemp` appends. */
const temporary = /^\.[A-Za-z\d]{6}$/;

/** Paths beside a file that are what became of it or should have become it: damaged ones that were set aside, and those of a program that was killed while it wrote. */
export async function leftoversOf(path: string): Promise<readonly string[]> {
  return (await endings(path)).filter((ending) => setAside.test(ending) || part.test(ending)).map((ending) => `${path}${ending}`);
}

/** Temporary folders beside a file in which a program that was killed was making it; `holds` are all names that such a folder may have in it. */
export async function workFoldersOf(path: string, holds: readonly string[]): Promise<readonly string[]> {
  const folders: string[] = [];
  for (const ending of (await endings(path)).filter((ending) => temporary.test(ending))) {
    // A file of such a name can't be listed.
    const names = await readdir(`${path}${ending}`).catch(() => null);
    if (names?.every((name) => holds.includes(name))) folders.push(`${path}${ending}`);
  }
  return folders;
}

async function endings(path: string): Promise<readonly string[]> {
  const name = basename(path);
  const names = await readdir(dirname(path)).catch(() => []);
  return names.filter((other) => other.startsWith(`${name}.`)).map((other) => other.slice(name.length));
}
