import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnvironmentError, UserError } from '../model/errors.ts';
import { readCapsule, writeCapsule } from './capsule-archive.ts';

let folder: string;
let path: string;
let into: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nfstest-archive-'));
  path = join(folder, 'c.tar.gz');
  into = join(folder, 'into');
  await mkdir(into);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const time = new Date('2026-11-24T01:55:03Z');

/** An archive as this program would never write it. */
async function writeAny(entries: readonly (Partial<Header> & { readonly name: string; readonly content?: string })[]): Promise<void> {
  const archive = pack();
  for (const { content, ...header } of entries) archive.entry(header, content ?? '');
  archive.finalize();
  await pipeline(archive, createGzip(), createWriteStream(path));
}

describe('a capsule', () => {
  it('comes out as it went in', async () => {
    const entries = [
      { name: 'events.ndjson', content: Buffer.from('{}\n') },
      { name: 'pcap/open.pcap', content: Buffer.from([0, 255, 10]) },
    ];
    await writeCapsule(path, 'nfstest-x', entries, time);
    const dir = await readCapsule(path, into);
    expect(dir).toBe(join(into, 'nfstest-x'));
    expect(await readFile(join(dir, 'events.ndjson'), 'utf8')).toBe('{}\n');
    expect([...(await readFile(join(dir, 'pcap', 'open.pcap')))]).toEqual([0, 255, 10]);
  });

  it('has the same bytes for the same content, and leaves no half file', async () => {
    const entries = [{ name: 'a', content: Buffer.from('a') }];
    await writeCapsule(path, 'x', entries, time);
    const first = await readFile(path);
    await writeCapsule(path, 'x', entries, time);
    expect(await readFile(path)).toEqual(first);
    await expect(writeCapsule(join(folder, 'no', 'c.tar.gz'), 'x', entries, time)).rejects.toThrow(EnvironmentError);
    expect((await readdir(folder)).sort()).toEqual(['c.tar.gz', 'into']);
  });
});

describe('what is refused', () => {
  it.each([
    'run/../../evil',
    '../evil',
    '/etc/evil',
    'run/./evil',
    'run//evil',
    'run/..',
    'evil',
    String.raw`run/..\evil`,
    'run/a\nb',
    'C:/evil',
    'run/a/b/c/d/e/f/g',
  ])('the name %j', async (name) => {
    await writeAny([{ name, content: 'evil' }]);
    await expect(readCapsule(path, into)).rejects.toThrow(UserError);
    await expect(stat(join(folder, 'evil'))).rejects.toThrow('ENOENT');
    expect(await readdir(into)).toEqual([]);
  });

  it.each(['symlink', 'link', 'fifo', 'character-device'] as const)('a %s', async (type) => {
    await writeAny([
      { name: 'run/way-out', type, linkname: '/etc' },
      { name: 'run/way-out/evil', content: 'evil' },
    ]);
    await expect(readCapsule(path, into)).rejects.toThrow(/not a file/);
    expect(await readdir(into)).toEqual([]);
  });

  it('a second file of the same name', async () => {
    await writeAny([
      { name: 'run/a', content: '1' },
      { name: 'run/a', content: '2' },
    ]);
    await expect(readCapsule(path, into)).rejects.toThrow(/EEXIST/);
    expect(await readFile(join(into, 'run', 'a'), 'utf8')).toBe('1');
  });

  it('two folders, too many files, none', async () => {
    await writeAny([
      { name: 'run/a', content: '1' },
      { name: 'other/a', content: '2' },
    ]);
    await expect(readCapsule(path, into)).rejects.toThrow('more than one folder');
    await writeAny(Array.from({ length: 2001 }, (_, index) => ({ name: `many/${index}`, content: '' })));
    await expect(readCapsule(path, into)).rejects.toThrow('more than 2000 files');
    await writeAny([]);
    await expect(readCapsule(path, into)).rejects.toThrow('it is empty');
  });

  it('what is no archive, and what is cut off', async () => {
    await writeFile(path, 'not gzip');
    await expect(readCapsule(path, into)).rejects.toThrow(UserError);
    await writeFile(path, gzipSync(Buffer.alloc(2000, 'x')));
    await expect(readCapsule(path, into)).rejects.toThrow(UserError);
    await writeCapsule(path, 'x', [{ name: 'a', content: Buffer.alloc(100_000, 'abc') }], time);
    await writeFile(path, (await readFile(path)).subarray(0, 100));
    await expect(readCapsule(path, into)).rejects.toThrow(UserError);
    await expect(readCapsule(join(folder, 'nowhere.tar.gz'), into)).rejects.toThrow(/ENOENT/);
  });
});
