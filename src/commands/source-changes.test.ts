import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import { findRecipe } from '../config/server-recipe.ts';
import { EnvironmentError } from '../model/errors.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { FakeWatchService } from '../services/fake-watch.ts';
import { mergeChanges, type SourceChange } from './source-change.ts';
import { type SourceChanges, watchChanges } from './source-changes.ts';

let folder: string;
let watches: FakeWatchService;
let changes: SourceChange[];
let notes: string[];
beforeEach(() => {
  folder = join(fakeFolder(), 'mine');
  [watches, changes, notes] = [new FakeWatchService(), [], []];
  mkdirSync(folder);
  write('Dockerfile', 'FROM base:1\n');
  write('server.json', JSON.stringify({ nfsPort: 4000, mountPort: 4000, export: '/', nfsVersions: ['3'], build: { context: '.' } }));
});

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
  watches.change(join(folder, name));
}

function open(): Promise<SourceChanges> {
  const options = fakeOptions(folder, { IMAGE_NAME: 'mine', SERVER_CONFIG: join(folder, 'server.json') });
  const recipe = findRecipe('mine', options.serverConfig);
  return watchChanges({ options, recipe, watches }, { onChange: (change) => changes.push(change), onNote: (message) => notes.push(message) });
}

it('tells changes once they are over, by the names that are left', async () => {
  const watched = await open();
  expect(watched.folder).toBe(folder);
  const before = performance.now();
  write('main.c', 'int main;');
  watches.change(join(folder, '4913'));
  write('Dockerfile', 'FROM base:2\n');
  await expect.poll(() => changes.map(({ names }) => names)).toEqual([['main.c', 'Dockerfile']]);
  expect(changes[0]?.sinceMs).toBeGreaterThanOrEqual(before);
  await watched.close();
  expect(watches.specs.size).toBe(0);
});

it('a file that was saved as it was is a note', async () => {
  const watched = await open();
  write('Dockerfile', 'FROM base:1\n');
  await expect.poll(() => notes).toEqual(['Dockerfile: saved without a change']);
  expect(changes).toEqual([]);
  await watched.close();
});

it('leaves nothing behind where it can’t watch, and nothing is told after its end', async () => {
  watches.failure = new EnvironmentError('too many files', 'raise the limit');
  await expect(open()).rejects.toThrow('too many files');
  watches.failure = null;
  const watched = await open();
  write('main.c', 'int main;');
  await watched.close();
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect([changes, notes]).toEqual([[], []]);
});

it('two changes are as old as the first', () => {
  const [first, second] = [
    { names: ['a', 'b'], sinceMs: 10 },
    { names: ['b', 'c'], sinceMs: 20 },
  ];
  expect(mergeChanges(null, first)).toBe(first);
  expect(mergeChanges(first, second)).toEqual({ names: ['a', 'b', 'c'], sinceMs: 10 });
});
