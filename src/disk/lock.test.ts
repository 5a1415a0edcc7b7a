import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryLock, withLock } from './lock.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nfstest-tui-unit-'));
  path = join(folder, 'image.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Every process lives, and began at the same time. */
const processes = { startTime: async () => 'then' };
const patient = { processes, signal: new AbortController().signal, deadlineMs: 10_000, onWait: () => {} };

describe('withLock', () => {
  it('lets one after the other do its work, and leaves nothing', async () => {
    const told: number[] = [];
    const gate = Promise.withResolvers<void>();
    const first = withLock(path, patient, () => gate.promise.then(() => told.push(1)));
    await expect.poll(() => readdirSync(folder)).toEqual(['image.lock']);
    const second = withLock(path, { ...patient, onWait: ({ pid }) => told.push(pid) }, async () => told.push(2));
    await expect.poll(() => told).toEqual([process.pid]);
    gate.resolve();
    await Promise.all([first, second]);
    expect(told).toEqual([process.pid, 1, 2]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('gives it up where the work fails', async () => {
    await expect(withLock(path, patient, () => Promise.reject(new Error('no room')))).rejects.toThrow('no room');
    expect(await withLock(path, patient, async () => 'mine')).toBe('mine');
  });

  it('names a holder that does not come to its end', async () => {
    writeFileSync(path, JSON.stringify({ pid: 4711, startTime: 'then', since: '' }));
    await expect(withLock(path, { ...patient, deadlineMs: 50 }, async () => {})).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/^process 4711 has held .*image\.lock for more than 0 s$/),
      hint: expect.stringContaining('ps -fp 4711'),
    });
  });

  it('a holder that is gone, or whose pid is another process’s by now, counts for nothing', async () => {
    writeFileSync(path, JSON.stringify({ pid: 4711, startTime: 'long ago', since: '' }));
    expect(await withLock(path, { ...patient, deadlineMs: 0 }, async () => 'mine')).toBe('mine');
  });
});

it('tryLock does not wait', async () => {
  const first = await tryLock(path, processes);
  expect(await tryLock(path, processes)).toMatchObject({ holder: { pid: process.pid } });
  if ('release' in first) await first.release();
  expect(await tryLock(path, processes)).toHaveProperty('release');
});
