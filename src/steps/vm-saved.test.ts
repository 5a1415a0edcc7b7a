import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { vmFiles } from '../config/vm-files.ts';
import { FakeContext } from './fake-context.ts';
import { FakeVmStart } from './fake-vm-start.ts';
import { savedVmFiles } from './saved-vm.ts';
import { suiteDigest } from './suite-source.ts';
import { startVm } from './vm.ts';

let lab: FakeVmStart;
beforeEach(() => {
  lab = new FakeVmStart();
});

const files = () => savedVmFiles(vmFiles(lab.options()).saved, readdirSync(vmFiles(lab.options()).saved)[0] ?? 'none');
const cold = ['vm-boot ok', 'connect ok', 'upload ok', 'vm-save ok', 'vm ok'];
const running = () => lab.vms.vms.filter(({ ended }) => !ended).length;

describe('the first start', () => {
  it('boots on files of its own, brings the suite, saves, and goes on from there in a fresh VM', async () => {
    const { vm, suiteDigest: digest } = await lab.start();
    const { memory, devices, disk } = files();
    expect(lab.context.phases).toEqual([
      'vm-boot ok: Debian 12 client, tcg, SSH on 127.0.0.1:2222',
      'connect ok',
      'upload ok',
      'vm-save ok',
      'vm ok: Debian 12 client, tcg, SSH on 127.0.0.1:2222, from its saved state',
    ]);
    expect(lab.vms.specs).toMatchObject([
      { overlay: disk, memoryFile: { path: memory, sharing: 'shared' }, restoreFrom: null },
      { overlay: vmFiles(lab.options()).overlay, memoryFile: { path: memory, sharing: 'private' }, restoreFrom: devices, accelerators: ['tcg'] },
    ]);
    expect(lab.told).toEqual(['booting', 'gone', 'started']);
    expect(running()).toBe(1);
    expect(vm).toBe(lab.vms.vms[1]);
    expect(digest).toBe(await suiteDigest(lab.input().suite));
    expect(lab.context.notes).toEqual([]);
  });

  it('is saved with the agent running and no connection open', async () => {
    await lab.start();
    expect(lab.remote.ran.at(-1)).toMatch(/setsid python3 \S*agent\.py/);
    expect(lab.remote.sessions.map(({ isClosed }) => isClosed)).toEqual([true]);
    expect(lab.vms.vms[0]?.asked).toEqual([{ do: 'quiesce', timeout: expect.any(Number) }]);
  });

  it.each<[string, () => void, RegExp]>([
    [
      'the agent can’t be started',
      () => lab.remote.commands.push(['setsid', { exitCode: 1 }]),
      /the agent could not be started in the client VM; booting cold, without saving$/,
    ],
    [
      'a connection stays open',
      () => {
        lab.vms.guest = { console: 'NFSTEST_VM_READY\n', agentFailure: 'RuntimeError: a TCP connection is still open' };
      },
      /a TCP connection is still open; booting cold, without saving$/,
    ],
  ])('%s: says so and boots cold, without saving', async (_, breakIt, note) => {
    breakIt();
    const { vm, suiteDigest: digest } = await lab.start();
    expect(lab.context.notes).toEqual([expect.stringMatching(note)]);
    expect(lab.context.phases.at(-1)).toMatch(/^vm ok: .*booted cold$/);
    expect(digest).toBeNull();
    expect(vm.record.sshPort).toBe(2222);
    expect(running()).toBe(1);
    expect(lab.vms.specs.at(-1)).toMatchObject({ memoryFile: null, restoreFrom: null });
    expect(readdirSync(vmFiles(lab.options()).saved)).toEqual([]);
  });

  it('that is interrupted leaves neither VM nor files', async () => {
    lab.vms.guest = { console: 'booting\n' };
    lab.context = new FakeContext();
    const starting = startVm(lab.input(), lab.services, lab.context).catch((error: unknown) => error);
    await expect.poll(() => lab.told, { timeout: 5_000 }).toEqual(['booting']);
    lab.context.abort();
    expect(await starting).toMatchObject({ name: 'AbortError' });
    expect(running()).toBe(0);
    expect(readdirSync(vmFiles(lab.options()).saved)).toEqual([]);
    expect(lab.told).toEqual(['booting', 'gone']);
  });
});

describe('the second start', () => {
  beforeEach(async () => {
    const { vm } = await lab.start();
    await vm.stop({ graceMs: 0 });
    lab.vms.specs.length = 0;
  });

  it('goes on from the saved state: one VM, no boot, no upload', async () => {
    expect(await lab.phases()).toEqual({ phases: ['vm ok'], notes: [] });
    expect(lab.vms.specs).toHaveLength(1);
    expect(lab.context.types).toEqual(['phase.started', 'vm.started', 'vm.ready', 'phase.finished']);
  });

  it('knows the kernel, which the guest need not be asked for', async () => {
    expect((await lab.start()).kernel).toBe('6.1.0-fake');
    expect((await lab.start({ COLD: '1' })).kernel).toBeNull();
  });

  it('gives the guest the time, a name, and random numbers of its own', async () => {
    await lab.phases();
    await lab.phases();
    const [first, second] = lab.vms.vms.slice(-2).map(({ asked }) => asked[0]);
    expect(first).toMatchObject({ do: 'resume', hostname: 'nfstest-1', entropy: expect.stringMatching(/^[0-9a-f]{128}$/) });
    expect(Math.abs(Number(second?.time) - Date.now() / 1000)).toBeLessThan(5);
    expect(first?.entropy).not.toBe(second?.entropy);
  });

  it('--cold: boots, and keeps what is saved', async () => {
    expect(await lab.phases({ COLD: '1' })).toEqual({ phases: ['vm ok'], notes: [] });
    expect(lab.vms.specs).toMatchObject([{ restoreFrom: null }]);
    expect(await lab.phases()).toEqual({ phases: ['vm ok'], notes: [] });
    expect(lab.vms.specs.at(-1)?.restoreFrom).toBe(files().devices);
  });

  it('a state that QEMU refuses is thrown away; another is made', async () => {
    // Equal to the last byte for the record, yet another QEMU can't read it.
    lab.vms.refusals = 1;
    const { phases, notes } = await lab.phases();
    expect(notes).toEqual(['info: the saved client VM could not be restored: the migration failed; booting cold and saving again']);
    expect(phases).toEqual(['vm failed', ...cold]);
    expect(running()).toBe(0);
    expect(await lab.phases()).toEqual({ phases: ['vm ok'], notes: [] });
  });

  it('a guest that does not answer is no client, and is ended', async () => {
    lab.vms.guest = { console: 'NFSTEST_VM_READY\n', agentFailure: 'no answer within 15 s' };
    const { vm } = await lab.start();
    expect(lab.context.notes).toEqual([
      'info: the agent in the client VM failed: no answer within 15 s; booting cold and saving again',
      expect.stringMatching(/no answer within 15 s; booting cold, without saving$/),
    ]);
    expect(running()).toBe(1);
    await vm.stop({ graceMs: 0 });
  });

  it('that fails twice boots cold, without saving', async () => {
    lab.vms.refusals = 2;
    const { vm } = await lab.start();
    expect(lab.context.notes).toEqual([expect.stringMatching(/booting cold and saving again$/), expect.stringMatching(/booting cold, without saving$/)]);
    expect(lab.context.phases.at(-1)).toMatch(/booted cold$/);
    expect(running()).toBe(1);
    await vm.stop({ graceMs: 0 });
  });

  it('a clock that was set late is set once more', async () => {
    lab.vms.clockOffS.push(-1.5);
    expect(await lab.phases()).toEqual({ phases: ['vm ok'], notes: [] });
    expect(lab.vms.vms.at(-1)?.asked.map((asked) => asked.do)).toEqual(['resume', 'resume']);
  });

  it('a clock that is wrong is no clock for a file system’s tests', async () => {
    lab.vms.clockOffS.push(5, 5);
    const { vm } = await lab.start();
    expect(lab.context.notes[0]).toBe("info: the client VM's clock is off by 5.0 s; booting cold and saving again");
    await vm.stop({ graceMs: 0 });
  });

  it('that is interrupted keeps what is saved', async () => {
    lab.context = new FakeContext();
    const starting = startVm(lab.input(), lab.services, lab.context);
    lab.context.abort();
    await expect(starting).rejects.toThrow(/abort/i);
    expect(existsSync(files().record)).toBe(true);
  });

  it.each<[string, () => unknown, string]>([
    ['a changed image', () => writeFileSync(lab.image.disk, 'another'), 'the image changed'],
    ['a changed seed', () => writeFileSync(lab.cidata, 'another'), 'the seed changed'],
    ['a changed kernel', () => writeFileSync(lab.image.kernel.initrd, 'another'), 'the kernel changed'],
    ['a changed suite', () => writeFileSync(join(lab.suiteDir, 'new'), 'file'), 'the suite changed'],
    ['another QEMU', () => Object.assign(lab, { qemuVersion: '9.0' }), "QEMU's version changed"],
    ['another accelerator', () => Object.assign(lab, { accelerators: ['kvm', 'tcg'] }), 'the command line changed'],
    ['a truncated state', () => writeFileSync(files().devices, ''), 'its devices changed on disk'],
    ['a truncated memory', () => writeFileSync(files().memory, ''), 'its memory changed on disk'],
  ])('%s: says why in one line, boots cold and saves again', async (_, change, reason) => {
    change();
    const { phases, notes } = await lab.phases();
    expect(notes).toEqual([`info: the saved client VM is not used: ${reason}; booting cold and saving again`]);
    expect(phases).toEqual(cold);
    expect(await lab.phases()).toEqual({ phases: ['vm ok'], notes: [] });
  });

  it('another size of the VM has a saved VM of its own', async () => {
    expect((await lab.phases({ VM_MEMORY: '1G' })).phases).toEqual(cold);
    expect(await lab.phases()).toEqual({ phases: ['vm ok'], notes: [] });
    expect(await lab.phases({ VM_MEMORY: '1G' })).toEqual({ phases: ['vm ok'], notes: [] });
  });
});

it('Intel Macs boot cold, and say so', async () => {
  lab.platform = 'darwin';
  const { vm } = await lab.start();
  expect(lab.context.phases).toEqual([expect.stringMatching(/^vm ok: .*booted cold$/)]);
  expect(lab.context.notes).toEqual(['info: a VM can’t be saved on an Intel Mac; booting cold']);
  await vm.stop({ graceMs: 0 });
});
