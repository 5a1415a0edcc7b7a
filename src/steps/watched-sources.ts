import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { isGitUrl, type Options } from '../config/options.ts';
import type { ServerRecipe } from '../config/server-recipe.ts';
import { UserError } from '../model/errors.ts';
import type { WatchSpec } from '../services/types.ts';
import { contentHash } from './content-hash.ts';
import { findIgnoreFile, readIgnores } from './server-inputs.ts';

/** Never a source, whatever the ignore file says; each may hold more files than a system can watch. */
const neverSources = new Set(['.git', 'target', 'node_modules']);

/** What a server is made of, as `watch` looks at it. */
export interface WatchedSources {
  readonly spec: WatchSpec;
  /** Folder of the sources. */
  readonly folder: string;
  /** A path as people know it: relative to the sources. */
  readonly nameOf: (path: string) => string;
  /** Changes with any source, the recipe included. Rejects where they can't be read. */
  readonly fingerprint: () => Promise<string>;
}

/** Throws UserError where there is nothing to watch. */
export async function watchedSources(options: Options, recipe: ServerRecipe): Promise<WatchedSources> {
  const folder = sourceFolder(options, recipe);
  const config = options.serverConfig ?? join(recipe.dir, 'server.json');
  const profile = recipe.engine.seccompProfile === null ? [] : [join(recipe.dir, recipe.engine.seccompProfile)];
  const dockerfile = join(recipe.dir, 'Dockerfile');
  /** Beside the sources; what .dockerignore says does not hold for these. */
  const recipeFiles = [config, dockerfile, `${dockerfile}.dockerignore`, join(folder, '.dockerignore'), ...profile];
  const folders = [...new Set([folder, ...recipeFiles.map((path) => dirname(path))])];
  const named = new Set([...folders, ...recipeFiles]);
  let isLeftOut = await readIgnores(findIgnoreFile(recipe, folder));
  const leavesOut = (name: string) => name.split(sep).some((part) => neverSources.has(part)) || isLeftOut(name);
  const isSource = (path: string) => path.startsWith(`${folder}${sep}`) && !leavesOut(relative(folder, path));
  return {
    folder,
    spec: { folders, ignores: (path) => !named.has(path) && !isSource(path) },
    nameOf: (path) => (path.startsWith(`${folder}${sep}`) ? relative(folder, path) : basename(path)),
    fingerprint: async () => {
      isLeftOut = await readIgnores(findIgnoreFile(recipe, folder));
      const texts = await Promise.all(recipeFiles.map((path) => (existsSync(path) ? readFile(path, 'utf8') : null)));
      return contentHash(folder, texts, leavesOut);
    },
  };
}

function sourceFolder({ imageName, serverSource }: Options, recipe: ServerRecipe): string {
  if (recipe.build === null) {
    throw new UserError(
      `there is nothing to watch: the image '${imageName.value}' has no recipe with a Dockerfile that it is built from`,
      'name a server that is built here: --image-name with a folder of nfstest/servers, or --server-config=FILE beside a Dockerfile',
    );
  }
  if (recipe.build.context === '.') return recipe.dir;
  if (isGitUrl(serverSource)) {
    throw new UserError(
      `there is nothing to watch: SERVER_SRC is the address of a repository, ${serverSource}`,
      'clone it, and give the folder with --server-src',
    );
  }
  if (!existsSync(serverSource)) {
    throw new UserError(`there is nothing to watch: SERVER_SRC ${serverSource} does not exist`, 'set SERVER_SRC (or --server-src) to a checkout of the server');
  }
  return serverSource;
}
