import { existsSync, mkdirSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeFolder } from '../services/fake-folder.ts';
import { checkSaved, finishSaved, pruneSaved, type SavedVmFiles, savedVmFiles } from './saved-vm.ts';

const identity = { 'the image': 'a', 'the suite': 'b' };
let dir: string;
let files: SavedVmFiles;

/** What a VM that was saved leaves. */
async function save(slot: string): Promise<SavedVmFiles> {
  const saved = savedVmFiles(dir, slot);
  mkdirSync(saved.dir, { recursive: true });
  for (const path of [saved.memory, saved.devices, saved.disk]) writeFileSync(path, `content of ${path}`);
  await finishSaved(saved, identity);
  return saved;
}

beforeEach(async () => {
  dir = fakeFolder();
  files = await save('one');
});

describe('checkSaved', () => {
  it('fits where nothing has changed', async () => {
    expect(await checkSaved(files, identity)).toBe('fits');
    expect(await checkSaved(files, { 'the suite': 'b', 'the image': 'a' })).toBe('fits');
  });

  it('tells what was never there from what was cut off', async () => {
    expect(await checkSaved(savedVmFiles(dir, 'another'), identity)).toBe('missing');
    rmSync(files.record);
    expect(await checkSaved(files, identity)).toEqual({ reason: 'saving it was cut off' });
  });

  it.each<[string, Record<string, string>, string]>([
    ['one part', { ...identity, 'the image': 'other' }, 'the image changed'],
    ['two parts', { 'the image': 'other', 'the suite': 'other' }, 'the image, the suite changed'],
    ['a part that is new', { ...identity, 'the kernel': 'c' }, 'the kernel changed'],
    ['a part that is no more', { 'the image': 'a' }, 'the suite changed'],
  ])('names %s', async (_, wanted, reason) => {
    expect(await checkSaved(files, wanted)).toEqual({ reason });
  });

  it.each<[string, (path: string) => void]>([
    ['truncated', (path) => truncateSync(path, 3)],
    ['written to', (path) => writeFileSync(path, 'something else')],
  ])('sees each file that was %s', async (_, change) => {
    for (const name of ['memory', 'devices', 'disk'] as const) {
      const saved = await save(name);
      change(saved[name]);
      expect(await checkSaved(saved, identity)).toEqual({ reason: `its ${name} changed on disk` });
    }
  });

  it('sees a change that keeps the size: of the devices by content, of the large ones by time', async () => {
    for (const name of ['memory', 'devices', 'disk'] as const) {
      const saved = await save(name);
      writeFileSync(saved[name], `CONTENT of ${saved[name]}`);
      const later = new Date(Date.now() + 5_000);
      utimesSync(saved[name], later, later);
      expect(await checkSaved(saved, identity)).toEqual({ reason: `its ${name} changed on disk` });
    }
  });

  it('names all files that changed, and says where one is missing', async () => {
    truncateSync(files.memory, 1);
    truncateSync(files.disk, 1);
    expect(await checkSaved(files, identity)).toEqual({ reason: 'its memory and disk changed on disk' });
    rmSync(files.memory);
    expect(await checkSaved(files, identity)).toEqual({ reason: 'a file of it is missing' });
  });

  it.each<[string, string, string]>([
    ['no JSON', '{"format":1,', 'its record is damaged'],
    ['empty', '', 'its record is damaged'],
    ['JSON of nothing', 'null', 'its record is damaged'],
    ['without its parts', '{"format":1}', 'its record is damaged'],
    ['of a later version', '{"format":2}', 'it was saved by another version of this program'],
  ])('a record that is %s', async (_, text, reason) => {
    writeFileSync(files.record, text);
    expect(await checkSaved(files, identity)).toEqual({ reason });
  });
});

describe('finishSaved', () => {
  it('declares nothing complete that is not', async () => {
    const saved = savedVmFiles(dir, 'half');
    mkdirSync(saved.dir);
    writeFileSync(saved.memory, 'memory');
    await expect(finishSaved(saved, identity)).rejects.toThrow(/ENOENT/);
    expect(existsSync(saved.record)).toBe(false);
  });
});

describe('pruneSaved', () => {
  it('keeps the newest four; what was cut off goes first', async () => {
    mkdirSync(join(dir, 'cut-off'));
    for (const [age, slot] of ['two', 'three', 'four', 'five'].entries()) {
      const { record } = await save(slot);
      const then = new Date(Date.now() - (age + 1) * 60_000);
      utimesSync(record, then, then);
    }
    await pruneSaved(dir);
    expect(readdirSync(dir).sort()).toEqual(['four', 'one', 'three', 'two']);
  });

  it('has nothing to do where nothing was saved', async () => {
    await pruneSaved(join(dir, 'nowhere'));
  });
});
