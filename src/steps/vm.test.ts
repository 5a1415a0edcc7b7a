import { existsSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Values } from '../config/options.ts';
import { vmFiles } from '../config/vm-files.ts';
import { never } from '../services/fake-signals.ts';
import { FakeContext } from './fake-context.ts';
import { FakeVmStart } from './fake-vm-start.ts';
import { startVm, waitForMarker } from './vm.ts';

let lab: FakeVmStart;
beforeEach(() => {
  lab = new FakeVmStart();
});

const start = (flags: Values = {}) => lab.start({ COLD: '1', ...flags });

describe('startVm with --cold', () => {
  it('boots a fresh overlay and waits for the marker; nothing is saved', async () => {
    const { vm, suiteDigest } = await start({ VM_MEMORY: '1G', VM_CPUS: '3' });
    const files = vmFiles(lab.options());
    expect(lab.vms.specs).toMatchObject([
      {
        ...{ runId: 'run', memoryMiB: 1024, cpus: 3, overlay: files.overlay, cidata: lab.cidata, kernel: lab.image.kernel, firmware: '/code.fd' },
        ...{
          consoleLog: files.consoleLog,
          qmpSocket: files.qmpSocket,
          agentSocket: files.agentSocket,
          suiteSocket: files.suiteSocket,
          accelerators: ['tcg'],
          sshPort: 2222,
        },
        ...{ memoryFile: null, restoreFrom: null },
      },
    ]);
    expect(lab.images.calls).toEqual(['overlay']);
    expect(existsSync(files.overlay)).toBe(true);
    expect(existsSync(files.saved)).toBe(false);
    expect(suiteDigest).toBeNull();
    expect(lab.booted).toEqual(['tcg']);
    expect(lab.context.types.filter((type) => type !== 'progress.reported')).toEqual(['phase.started', 'vm.started', 'vm.ready', 'phase.finished']);
    expect(lab.context.phases).toEqual(['vm ok: Debian 12 client, tcg, SSH on 127.0.0.1:2222, booted cold']);
    await vm.stop({ graceMs: 0 });
  });

  it('falls back to another accelerator and says so', async () => {
    lab.accelerators = ['kvm', 'tcg'];
    lab.vms.broken.add('kvm');
    await start();
    expect(lab.context.notes).toEqual(['info: kvm does not work here (it aborts); using tcg']);
    expect(lab.booted).toEqual(['tcg']);
  });

  it('takes another port where the default is taken, and refuses one that was asked for', async () => {
    lab.ports.holders.set(2222, 'sshd (pid 1)');
    expect((await start()).vm.record.sshPort).toBe(2223);
    expect(lab.context.notes).toEqual(['info: port 2222 (SSH) is taken by sshd (pid 1); using 2223']);
    await expect(start({ SSH_PORT: '2222' })).rejects.toMatchObject({
      exitCode: 3,
      message: 'port 2222 (SSH) is taken by sshd (pid 1)',
      hint: expect.stringMatching(/--ssh-port/),
    });
  });

  it('names an image that is broken, before anything is started', async () => {
    lab.images.brokenBase = lab.image.disk;
    await expect(start()).rejects.toMatchObject({ exitCode: 3, message: `${lab.image.disk} is no sound qcow2 image` });
    expect(lab.vms.specs).toEqual([]);
  });

  it('shows the console as its progress', async () => {
    await start();
    expect(lab.context.bodies).not.toContainEqual(expect.objectContaining({ type: 'progress.reported', message: '' }));
    lab.vms.guest = { console: 'Booting Linux\n' };
    lab.context = new FakeContext();
    const starting = startVm(lab.input({ COLD: '1' }), lab.services, lab.context).catch((error: unknown) => error);
    const progress = { type: 'progress.reported', phase: 'vm', message: 'Booting Linux', fraction: null };
    await expect.poll(() => lab.context.bodies, { timeout: 5_000 }).toContainEqual(progress);
    lab.context.abort();
    expect(await starting).toMatchObject({ name: 'AbortError' });
  });
});

describe('a client that does not come up', () => {
  it.each<[string, { console: string; lastWords?: string; endsAfterMs?: number }, RegExp, RegExp]>([
    [
      'says why',
      { console: 'boot\nNFSTEST_VM_FAILED: mount.nfs is missing\n' },
      /^the client VM is not usable: mount\.nfs is missing$/,
      /network at its first boot/,
    ],
    ['panics', { console: 'boot\n[ 1.0] Kernel panic - not syncing: VFS\n' }, /^the client VM's kernel panicked: .*not syncing: VFS/, /--memory 1G/],
    ['ends', { console: 'boot\n', lastWords: 'Power down\n', endsAfterMs: 20 }, /^the client VM ended while it booted$/, /qemu\.log/],
  ])('%s', async (_, guest, message, hint) => {
    lab.vms.guest = guest;
    for (const flags of [{ COLD: '1' }, { COLD: '0' }]) {
      await expect(lab.start(flags)).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
        log: { path: '/run/vm.log', lines: expect.arrayContaining(['boot']) },
      });
    }
    expect(lab.booted).toEqual([]);
  });

  it('does not take cloud-init’s print of its own input for the marker', async () => {
    lab.vms.guest = { console: "+ echo '@NFSTEST_VM_READY@'\n" };
    const starting = start();
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(lab.context.types).not.toContain('vm.ready');
    lab.vms.vms[0]?.print('NFSTEST_VM_READY\n');
    await starting;
  });

  it('is waited for only so long', async () => {
    const { vm: earlier } = await start();
    await earlier.stop({ graceMs: 0 });
    const [spec] = lab.vms.specs;
    if (!spec) throw new Error('no VM was started');
    lab.context = new FakeContext();
    lab.vms.guest = { console: 'boot\n' };
    const vm = await lab.vms.start(spec, { ...never, onNote: () => {} });
    lab.follow(vm);
    const waiting = waitForMarker(
      { tail: lab.context.tail('vm'), onConsole: lab.context.logs.buffers.vm.subscribe, options: lab.options() },
      vm,
      'vm',
      lab.context,
      100,
    );
    await expect(waiting).rejects.toMatchObject({ exitCode: 3, message: 'the client VM was not ready within 0.1 s; last on its console: boot' });
    await vm.stop({ graceMs: 0 });
  });
});
