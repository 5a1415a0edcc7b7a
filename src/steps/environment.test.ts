import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import type { Options } from '../config/options.ts';
import { vmFiles } from '../config/vm-files.ts';
import { EnvironmentError } from '../model/errors.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { FakeProcessTable } from '../services/fake-network.ts';
import { EnvironmentFile, type KeptParts, lockEnvironment, readEnvironment, type ServerRecord } from './environment.ts';

let options: Options;
beforeEach(() => {
  options = fakeOptions(fakeFolder());
});

const server: ServerRecord = {
  ...{ identity: { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' }, containerId: 'c1', containerName: 'ganesha-server' },
  ...{ nfsPort: 4000, mountPort: 4001, export: '/export', nfsVersions: ['3'] },
};
const vm = { pid: 1, startTime: 's', qmpSocket: 'q', agentSocket: 'a', consoleLog: 'l', accelerator: 'tcg', sshPort: 2222 };

describe('EnvironmentFile', () => {
  it('writes down each part as it comes up, side by side', async () => {
    expect(await readEnvironment(options)).toBeNull();
    const file = new EnvironmentFile(options, 'run-1');
    await Promise.all([file.update({ server }), file.update({ vm })]);
    expect(await readEnvironment(options)).toMatchObject({ runId: 'run-1', server, vm, createdAt: expect.stringMatching(/^\d{4}-.*Z$/) });
    await file.update({ vm: null });
    expect(await readEnvironment(options)).toMatchObject({ server, vm: null });
    await file.update({ server: null });
    expect(readdirSync(options.vmDir)).toEqual([]);
  });

  it('goes on with what another process wrote', async () => {
    const record = { runId: 'run-0', createdAt: '2026-01-01T00:00:00Z', server, vm: null, suiteDigest: null, kept: { server: true, vm: false } };
    const file = new EnvironmentFile(options, 'run-1');
    file.adopt(record);
    await file.update({ vm });
    expect(await readEnvironment(options)).toEqual({ ...record, vm });
  });

  it('a part is kept from when that is said until it goes, whatever becomes of the other', async () => {
    const kept = async () => (await readEnvironment(options))?.kept;
    const file = new EnvironmentFile(options, 'run-1');
    await file.update({ server });
    expect(await kept()).toEqual({ server: false, vm: false });
    await file.update({ kept: { server: true } });
    await file.update({ vm });
    expect(await kept()).toEqual({ server: true, vm: false });
    // Restarted, it takes the place of one that was kept.
    await file.update({ server: { ...server, containerId: 'c2' } });
    await file.update({ kept: { vm: true } });
    expect(await kept()).toEqual({ server: true, vm: true });
    await file.update({ vm: null });
    await file.update({ vm });
    expect(await kept()).toEqual({ server: true, vm: false });
    await file.update({ server: null, kept: { server: true } });
    expect(await kept()).toEqual({ server: false, vm: false });
  });

  it.each<[unknown, KeptParts | null]>([
    // The first versions wrote down only what they left on purpose; later ones had one word for both parts.
    [undefined, { server: true, vm: true }],
    [true, { server: true, vm: true }],
    [false, { server: false, vm: false }],
    [
      { server: true, vm: false },
      { server: true, vm: false },
    ],
    ['yes', null],
    [null, null],
    [{ server: true }, null],
    [{ server: 1, vm: 0 }, null],
  ])('reads kept: %j', async (written, kept) => {
    mkdirSync(options.vmDir, { recursive: true });
    const record = { runId: 'run-0', createdAt: '2026-01-01T00:00:00Z', server, vm, suiteDigest: null };
    writeFileSync(vmFiles(options).environment, JSON.stringify({ ...record, kept: written }));
    expect(await readEnvironment(options)).toEqual(kept === null ? null : { ...record, kept });
  });

  it('what is not there is not kept', async () => {
    mkdirSync(options.vmDir, { recursive: true });
    writeFileSync(vmFiles(options).environment, JSON.stringify({ runId: 'run-0', createdAt: '', server: null, vm, suiteDigest: null, kept: true }));
    expect((await readEnvironment(options))?.kept).toEqual({ server: false, vm: true });
  });

  it('a note that can’t be written is no reason to lose the next', async () => {
    const file = new EnvironmentFile(options, 'run-1');
    mkdirSync(vmFiles(options).environment, { recursive: true });
    await expect(file.update({ server })).rejects.toThrow();
    const elsewhere = fakeOptions(fakeFolder());
    const sound = new EnvironmentFile(elsewhere, 'run-1');
    await sound.update({ server });
    expect(await readEnvironment(elsewhere)).toMatchObject({ server });
  });

  it.each<[object, boolean]>([
    [{}, true],
    [{ hostKey: null }, true],
    [{ hostKey: 'ssh-ed25519 AAAA' }, true],
    [{ hostKey: 'ssh-ed25519 AAAA\nnfstest-vm ssh-ed25519 BBBB' }, false],
    [{ hostKey: 5 }, false],
  ])('a VM with the host key %j: sound %s', async (change, isSound) => {
    const record = {
      runId: 'run-0',
      createdAt: '2026-01-01T00:00:00Z',
      server: null,
      vm: { ...vm, ...change },
      suiteDigest: null,
      kept: { server: false, vm: true },
    };
    mkdirSync(options.vmDir, { recursive: true });
    writeFileSync(vmFiles(options).environment, JSON.stringify(record));
    expect(await readEnvironment(options)).toEqual(isSound ? record : null);
  });

  it.each(['', '{', 'null', '{"runId":1}', '[]'])('takes %j for no environment', async (text) => {
    mkdirSync(options.vmDir, { recursive: true });
    writeFileSync(vmFiles(options).environment, text);
    expect(await readEnvironment(options)).toBeNull();
  });
});

describe('ten instances in one checkout', () => {
  it('hold ten locks at once, write down ten environments, and a second run of one is refused', async () => {
    const dir = fakeFolder();
    const processes = new FakeProcessTable();
    const all = Array.from({ length: 10 }, (_, index) => fakeOptions(dir, index === 0 ? {} : { INSTANCE: `run-${index}` }));
    const unlocks = await Promise.all(all.map((each) => lockEnvironment(each, processes)));
    await Promise.all(all.map((each, index) => new EnvironmentFile(each, `run-${index}`).update({ vm: { ...vm, sshPort: each.sshPort.value } })));
    const records = await Promise.all(all.map((each) => readEnvironment(each)));
    expect(records.map((record) => record?.runId)).toEqual(all.map((_, index) => `run-${index}`));
    expect(new Set(records.map((record) => record?.vm?.sshPort)).size).toBe(10);
    const refused = await Promise.allSettled(all.map((each) => lockEnvironment(each, processes)));
    expect(refused.map(({ status }) => status)).toEqual(all.map(() => 'rejected'));
    for (const unlock of unlocks) await unlock();
  });
});

describe('lockEnvironment', () => {
  const processes = new FakeProcessTable();
  const lockFile = () => vmFiles(options).lock;
  const writeLock = (record: object | string) => {
    mkdirSync(options.vmDir, { recursive: true });
    writeFileSync(lockFile(), typeof record === 'string' ? record : JSON.stringify(record));
  };

  it('keeps a folder, also one that is not there yet, until it is let go', async () => {
    const unlock = await lockEnvironment(options, processes);
    expect(readdirSync(options.vmDir)).toEqual(['run.lock']);
    await unlock();
    expect(readdirSync(options.vmDir)).toEqual([]);
    await (await lockEnvironment(options, processes))();
  });

  it('refuses a second run and names the first', async () => {
    processes.startTimes.set(4711, 'then');
    writeLock({ pid: 4711, startTime: 'then', since: '2026-01-01T00:00:00Z' });
    await expect(lockEnvironment(options, processes)).rejects.toMatchObject({
      exitCode: 3,
      message: 'another run is active here: process 4711, since 2026-01-01T00:00:00Z',
      hint: expect.stringMatching(/kill 4711.*--instance NAME/),
    });
    expect(readdirSync(options.vmDir)).toEqual(['run.lock']);
  });

  it.each<[string, object | string]>([
    ['a process that is gone', { pid: 4712, startTime: 'then', since: '' }],
    ['a pid that another process has now', { pid: process.pid, startTime: 'before', since: '' }],
    ['half a file', '{"pid":'],
  ])('takes over the lock of %s', async (_, record) => {
    writeLock(record);
    const unlock = await lockEnvironment(options, processes);
    await expect(lockEnvironment(options, processes)).rejects.toBeInstanceOf(EnvironmentError);
    expect(readdirSync(options.vmDir)).toEqual(['run.lock']);
    await unlock();
  });

  it('lets in exactly one of many who find a stale lock', async () => {
    for (let round = 0; round < 20; round++) {
      writeLock({ pid: 4712, startTime: 'then', since: '' });
      const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => lockEnvironment(options, processes)));
      const winners = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
      expect(winners).toHaveLength(1);
      expect(readdirSync(options.vmDir)).toEqual(['run.lock']);
      await winners[0]?.();
    }
  });

  it('looks again before it takes a lock away: a new run may have done so meanwhile', async () => {
    writeLock({ pid: 4712, startTime: 'then', since: '' });
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const slow = new FakeProcessTable();
    slow.startTime = async (pid) => {
      if (pid !== 4712) return processes.startTime(pid);
      asked.resolve();
      await answered.promise;
      return null;
    };
    const late = lockEnvironment(options, slow);
    await asked.promise;
    const unlock = await lockEnvironment(options, processes);
    answered.resolve();
    await expect(late).rejects.toThrow(/another run is active here/);
    expect(readdirSync(options.vmDir)).toEqual(['run.lock']);
    await unlock();
  });

  it('does not wait for ever for one who was killed while taking over', async () => {
    writeLock({ pid: 4712, startTime: 'then', since: '' });
    writeFileSync(`${lockFile()}.takeover`, '');
    const before = new Date(Date.now() - 60_000);
    utimesSync(`${lockFile()}.takeover`, before, before);
    const unlock = await lockEnvironment(options, processes);
    expect(readdirSync(options.vmDir)).toEqual(['run.lock']);
    await unlock();
  });

  it('a folder that can’t be used is the user’s matter, no bug', async () => {
    const file = join(fakeFolder(), 'file');
    writeFileSync(file, '');
    chmodSync(file, 0o444);
    const inside = fakeOptions(fakeFolder(), { VM_OUTPUT_DIR: join(file, 'vm') });
    await expect(lockEnvironment(inside, processes)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(`can't use the VM folder ${inside.vmDir}`),
      hint: expect.stringMatching(/--vm-dir/),
    });
    expect(existsSync(inside.vmDir)).toBe(false);
  });
});
