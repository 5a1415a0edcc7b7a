import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readOwnJson } from './read-json.ts';
import { writeFileAtomically } from './write-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nfstest-disk-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('writeFileAtomically', () => {
  it('makes the folder, replaces what was there, and leaves nothing else', async () => {
    const path = join(folder, 'a', 'b.json');
    await writeFileAtomically(path, 'one');
    await writeFileAtomically(path, 'two');
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(join(folder, 'a'))).toEqual(['b.json']);
  });

  it('readers see one whole text or another while many write', async () => {
    const path = join(folder, 'b.json');
    const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(10_000));
    await Promise.all(texts.map((text) => writeFileAtomically(path, text)));
    expect(texts).toContain(readFileSync(path, 'utf8'));
    expect(readdirSync(folder)).toEqual(['b.json']);
  });

  it('gives the file its mode, also where another was there', async () => {
    const path = join(folder, 'key');
    writeFileSync(path, 'old', { mode: 0o644 });
    await writeFileAtomically(path, 'new', { mode: 0o600 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing where the name is taken by a folder', async () => {
    mkdirSync(join(folder, 'b.json', 'x'), { recursive: true });
    await expect(writeFileAtomically(join(folder, 'b.json'), 'one')).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['b.json']);
  });
});

describe('readOwnJson', () => {
  const isText = (value: unknown) => (typeof value === 'string' ? value : null);
  const read = async (told: string[] = []) => readOwnJson(join(folder, 'own.json'), isText, (message) => told.push(message));

  it('gives what the file holds, and null where there is none', async () => {
    const told: string[] = [];
    expect(await read(told)).toBeNull();
    writeFileSync(join(folder, 'own.json'), '"text"');
    expect(await read(told)).toBe('text');
    expect(told).toEqual([]);
  });

  it.each([
    ['', 'it is empty'],
    ['"tex', 'it is no JSON, cut off perhaps'],
    ['\0\0\0\0', 'it is no JSON, cut off perhaps'],
    ['5', 'it does not hold what it should'],
  ])('sets %j aside and says so', async (text, why) => {
    const told: string[] = [];
    writeFileSync(join(folder, 'own.json'), text);
    expect(await read(told)).toBeNull();
    const [aside = ''] = readdirSync(folder);
    expect(aside).toMatch(/^own\.json\.corrupt-\d{8}-\d{6}$/);
    expect(readFileSync(join(folder, aside), 'utf8')).toBe(text);
    expect(told).toEqual([`${join(folder, 'own.json')} is damaged (${why}) and counts as missing; it was set aside as ${join(folder, aside)}`]);
    expect(await read(told)).toBeNull();
    expect(told).toHaveLength(1);
  });
});
