import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { fakeFolder } from '../services/fake-folder.ts';
import { contentHash } from './content-hash.ts';

let dir: string;
beforeEach(() => {
  dir = fakeFolder();
  mkdirSync(join(dir, 'sub'));
  writeFileSync(join(dir, 'a'), 'one');
  writeFileSync(join(dir, 'sub', 'b'), 'two');
  symlinkSync('a', join(dir, 'link'));
});

const hash = (ignores?: (path: string) => boolean) => contentHash(dir, ['extra'], ignores);

it('is the same for the same content, wherever and whenever it was written', async () => {
  const before = await hash();
  expect(before).toMatch(/^[0-9a-f]{64}$/);
  const moved = join(fakeFolder(), 'moved');
  renameSync(dir, moved);
  writeFileSync(join(moved, 'a'), 'one');
  expect(await contentHash(moved, ['extra'])).toBe(before);
  expect(await contentHash(moved, ['other'])).not.toBe(before);
});

it.each<[string, () => void]>([
  ['a content', () => writeFileSync(join(dir, 'a'), 'ONE')],
  ['a name', () => renameSync(join(dir, 'a'), join(dir, 'c'))],
  ['a place', () => renameSync(join(dir, 'sub', 'b'), join(dir, 'b'))],
  ['an executable bit', () => chmodSync(join(dir, 'a'), 0o755)],
  [
    'a link',
    () => {
      rmSync(join(dir, 'link'));
      symlinkSync('sub', join(dir, 'link'));
    },
  ],
  ['a new file', () => writeFileSync(join(dir, 'new'), '')],
  [
    'a boundary between files',
    () => {
      writeFileSync(join(dir, 'a'), 'onetw');
      writeFileSync(join(dir, 'sub', 'b'), 'o');
    },
  ],
])('changes with %s', async (_, change) => {
  const before = await hash();
  change();
  expect(await hash()).not.toBe(before);
});

it('does not look at what is ignored, folders as a whole', async () => {
  const before = await hash((path) => path === 'sub');
  writeFileSync(join(dir, 'sub', 'b'), 'changed');
  expect(await hash((path) => path === 'sub')).toBe(before);
});
