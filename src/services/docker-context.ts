import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import dockerignore from '@balena/dockerignore';
import tar from 'tar-fs';
import type { ImageBuild } from './types.ts';

/** Name of the Dockerfile inside a context; it may come from outside the folder. */
export const buildFileName = '.nfstest-tui.Dockerfile';

/** The build context as a tar stream, the Dockerfile added under a name of ours. */
export async function packContext(build: ImageBuild): Promise<Readable> {
  const dockerfile = await readFile(build.dockerfile, 'utf8');
  const filter = dockerignore.default();
  if (build.ignoreFile !== null) filter.add(await readFile(build.ignoreFile, 'utf8'));
  const prefix = build.contextDir.endsWith('/') ? build.contextDir : `${build.contextDir}/`;
  return tar.pack(build.contextDir, {
    ignore: (name) => name !== build.contextDir && filter.ignores(name.slice(prefix.length)),
    finalize: false,
    finish: (pack) => {
      pack.entry({ name: buildFileName }, dockerfile, () => pack.finalize());
    },
  } as tar.PackOptions) as unknown as Readable;
}
