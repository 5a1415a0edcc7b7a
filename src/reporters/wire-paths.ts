import type { WireCall } from '../model/wire.ts';

/** The folder that all paths of these calls lie in, with its slash; empty where there is none. */
export function commonFolder(calls: readonly Pick<WireCall, 'object'>[]): string {
  const paths = calls.flatMap(({ object }) => object.split(' → ')).filter((path) => path.startsWith('/'));
  const folders = paths.map((path) => path.slice(0, path.lastIndexOf('/') + 1));
  const [first = ''] = folders;
  for (let folder = first; folder.length > 1; folder = folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1)) {
    if (folders.every((other) => other.startsWith(folder))) return folder;
  }
  return '';
}
