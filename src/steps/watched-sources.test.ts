import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import type { Values } from '../config/options.ts';
import { findRecipe } from '../config/server-recipe.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { watchedSources } from './watched-sources.ts';

let dir: string;
beforeEach(() => {
  dir = fakeFolder();
});

function write(path: string, text = 'x'): string {
  const file = join(dir, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function open(flags: Values) {
  const options = fakeOptions(dir, flags);
  return watchedSources(options, findRecipe(options.imageName.value, options.serverConfig));
}

/** A recipe in `recipe/`, its seccomp profile elsewhere; sources in the same folder or in `checkout/`. */
function recipe(context: '.' | 'SERVER_SRC'): Values {
  write('recipe/Dockerfile', 'FROM base:1\n');
  write('recipe/Dockerfile.dockerignore', '*.log\nout\n');
  write('profiles/seccomp.json', '{}');
  const json = { nfsPort: 4000, mountPort: 4000, export: '/', nfsVersions: ['3'], build: { context }, engine: { seccompProfile: '../profiles/seccomp.json' } };
  return { IMAGE_NAME: 'mine', SERVER_CONFIG: write('recipe/my.json', JSON.stringify(json)), SERVER_SRC: join(dir, 'checkout') };
}

it('a recipe with its sources: all of the folder but what is left out, and the recipe’s files', async () => {
  const { spec, folder, nameOf } = await open(recipe('.'));
  expect(folder).toBe(join(dir, 'recipe'));
  expect(spec.folders).toEqual([join(dir, 'recipe'), join(dir, 'profiles')]);
  const seen = (path: string) => !spec.ignores(join(dir, path));
  for (const path of ['recipe', 'recipe/src', 'recipe/src/main.rs', 'recipe/my.json', 'recipe/Dockerfile', 'profiles/seccomp.json'])
    expect(seen(path)).toBe(true);
  for (const path of ['recipe/x.log', 'recipe/out', 'recipe/.git', 'recipe/target', 'recipe/a/node_modules', 'profiles/other.json', 'elsewhere'])
    expect(seen(path)).toBe(false);
  expect(['recipe/src/main.rs', 'profiles/seccomp.json'].map((path) => nameOf(join(dir, path)))).toEqual(['src/main.rs', 'seccomp.json']);
});

it('a checkout beside its recipe: of the recipe’s folder only its own files', async () => {
  write('checkout/Cargo.toml');
  const { spec, folder } = await open(recipe('SERVER_SRC'));
  expect(folder).toBe(join(dir, 'checkout'));
  const seen = (path: string) => !spec.ignores(join(dir, path));
  expect(['checkout/src/main.rs', 'recipe/Dockerfile', 'recipe/Dockerfile.dockerignore', 'recipe/my.json'].every(seen)).toBe(true);
  expect(['checkout/target/debug', 'recipe/notes.md'].some(seen)).toBe(false);
});

it('the fingerprint changes with sources and recipe, and with nothing else', async () => {
  const { fingerprint } = await open(recipe('.'));
  let before = await fingerprint();
  const changes = async () => {
    const after = await fingerprint();
    const changed = after !== before;
    before = after;
    return changed;
  };
  for (const path of ['recipe/src/main.rs', 'recipe/my.json', 'recipe/Dockerfile', 'profiles/seccomp.json']) {
    write(path, `${path} anew`);
    expect(await changes()).toBe(true);
    write(path, `${path} anew`);
    expect(await changes()).toBe(false);
  }
  for (const path of ['recipe/x.log', 'recipe/out/y', 'recipe/.git/index', 'recipe/target/z', 'profiles/other.json']) write(path);
  expect(await changes()).toBe(false);
  // What is left out can change, too.
  write('recipe/Dockerfile.dockerignore', 'out\n');
  expect(await changes()).toBe(true);
  write('recipe/x.log', 'y');
  expect(await changes()).toBe(true);
  rmSync(join(dir, 'recipe/src/main.rs'));
  expect(await changes()).toBe(true);
});

it.each([
  ['has no recipe', { IMAGE_NAME: 'somebody-elses' }],
  ['is the address of a repository', { IMAGE_NAME: 'arcticwolf', SERVER_SRC: 'https://example.org/server.git' }],
  ['does not exist', { IMAGE_NAME: 'arcticwolf', SERVER_SRC: '/nowhere/at/all' }],
])('refuses what %s', async (reason, flags) => {
  await expect(open(flags)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(reason) });
});
