import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import dockerignore from '@balena/dockerignore';
import type { ServerRecipe } from '../config/server-recipe.ts';
import { contentHash } from './content-hash.ts';

/** Everything a server's image is built from. */
export interface ServerInputs {
  readonly dockerfile: string;
  /** Null where the context has none. */
  readonly ignoreFile: string | null;
  /** SHA-256 over all of it; equal inputs need no build. */
  readonly hash: string;
}

/** The file that says what of a context is left out: the Dockerfile's own, else the context's; null where there is none. */
export const findIgnoreFile = (recipe: ServerRecipe, contextDir: string): string | null =>
  [`${join(recipe.dir, 'Dockerfile')}.dockerignore`, join(contextDir, '.dockerignore')].find((path) => existsSync(path)) ?? null;

/** Says which paths of a context (relative) an ignore file leaves out. */
export async function readIgnores(ignoreFile: string | null): Promise<(relativePath: string) => boolean> {
  const filter = dockerignore.default();
  if (ignoreFile !== null) filter.add(await readFile(ignoreFile, 'utf8'));
  return (path) => filter.ignores(path);
}

export async function readServerInputs(recipe: ServerRecipe, contextDir: string): Promise<ServerInputs> {
  const dockerfile = join(recipe.dir, 'Dockerfile');
  const ignoreFile = findIgnoreFile(recipe, contextDir);
  const extra = [await readFile(dockerfile, 'utf8'), recipe.build?.args, recipe.build?.baseImages];
  return { dockerfile, ignoreFile, hash: await contentHash(contextDir, extra, await readIgnores(ignoreFile)) };
}
