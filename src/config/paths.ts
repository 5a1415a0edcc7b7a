import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findPackageRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'nfstest', 'defaults.mk'))) return folder;
    if (folder === dirname(folder)) throw new Error('the package is incomplete: nfstest/defaults.mk is missing');
  }
}

/** Where the program's own files (package.json, nfstest/) are: the checkout, or the installed package. */
export const packageRoot = findPackageRoot();

/** Path of a file that comes with the program. */
export const asset = (...parts: string[]): string => join(packageRoot, 'nfstest', ...parts);

export const programVersion: string = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version;
