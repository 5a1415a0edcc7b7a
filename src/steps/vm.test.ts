import { existsSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import type { Values } from '../config/options.ts';
import { vmFiles } from '../config/vm-files.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { FakeVmImageService } from '../services/fake-images.ts';
import { FakePortService } from '../services/fake-network.ts';
import { never } from '../services/fake-signals.ts';
import { FakeVmService } from '../services/fake-vm.ts';
import type { VmHandle } from '../services/types.ts';
import { FakeContext } from './fake-context.ts';
import { startVm, waitForMarker } from './vm.ts';

const dir = fakeFolder();
let vms: FakeVmService;
let images: FakeVmImageService;
let ports: FakePortService;
let context: FakeContext;
let booted: string[];
let accelerators: string[];

beforeEach(() => {
  [vms, images, ports, context] = [new FakeVmService(), new FakeVmImageService(), new FakePortService(), new FakeContext()];
  booted = [];
  accelerators = ['tcg'];
});

const kernel = { image: '/vmlinuz', initrd: '/initrd', append: 'root=/dev/vda' };

const follow = (vm: VmHandle) =>
  void (async () => {
    for await (const chunk of vm.console(never)) context.log('vm', chunk);
  })();

function start(flags: Values = {}) {
  const image = { disk: '/images/vm.qcow2', kernel, title: 'Debian 12 client', needsProvisioning: false };
  const input = {
    ...{ runId: 'run', options: fakeOptions(dir, flags), platform: 'linux' as const, arch: 'x64', image, cidata: '/seed.iso', tail: context.tail('vm') },
    onStarted: async (vm: VmHandle) => follow(vm),
  };
  const onBooted = async (accelerator: string) => {
    booted.push(accelerator);
  };
  return startVm(input, { vms, images, ports, accelerators: async () => accelerators, firmware: async () => '/code.fd', onBooted }, context);
}

describe('startVm', () => {
  it('boots a fresh overlay and waits for the marker', async () => {
    const vm = await start({ VM_MEMORY: '1G', VM_CPUS: '3' });
    const files = vmFiles(fakeOptions(dir));
    expect(vms.specs).toMatchObject([
      {
        ...{ runId: 'run', memoryMiB: 1024, cpus: 3, overlay: files.overlay, cidata: '/seed.iso', kernel, firmware: '/code.fd', sshPort: 2222 },
        ...{ consoleLog: files.consoleLog, qmpSocket: files.qmpSocket, accelerators: ['tcg'] },
      },
    ]);
    expect(images.calls).toEqual(['overlay']);
    expect(existsSync(files.overlay)).toBe(true);
    expect(booted).toEqual(['tcg']);
    expect(context.types.filter((type) => type !== 'progress.reported')).toEqual(['phase.started', 'vm.started', 'vm.ready', 'phase.finished']);
    expect(context.phases).toEqual(['vm ok: Debian 12 client, tcg, SSH on 127.0.0.1:2222']);
    await vm.stop({ graceMs: 0 });
  });

  it('falls back to another accelerator and says so', async () => {
    accelerators = ['kvm', 'tcg'];
    vms.broken.add('kvm');
    await start();
    expect(context.notes).toEqual(['info: kvm does not work here (it aborts); using tcg']);
    expect(booted).toEqual(['tcg']);
  });

  it('takes another port where the default is taken, and refuses one that was asked for', async () => {
    ports.holders.set(2222, 'sshd (pid 1)');
    expect((await start()).record.sshPort).toBe(2223);
    expect(context.notes).toEqual(['info: port 2222 (SSH) is taken by sshd (pid 1); using 2223']);
    await expect(start({ SSH_PORT: '2222' })).rejects.toMatchObject({
      exitCode: 3,
      message: 'port 2222 (SSH) is taken by sshd (pid 1)',
      hint: expect.stringMatching(/--ssh-port/),
    });
  });

  it('names an image that is broken, before anything is started', async () => {
    images.brokenBase = '/images/vm.qcow2';
    await expect(start()).rejects.toMatchObject({ exitCode: 3, message: '/images/vm.qcow2 is no sound qcow2 image' });
    expect(vms.specs).toEqual([]);
  });

  it('shows the console as its progress', async () => {
    await start();
    expect(context.bodies).not.toContainEqual(expect.objectContaining({ type: 'progress.reported', message: '' }));
    vms.guest = { console: 'Booting Linux\n' };
    context = new FakeContext({ signal: AbortSignal.timeout(300) });
    await expect(start()).rejects.toThrow(/abort/i);
    expect(context.bodies).toContainEqual({ type: 'progress.reported', phase: 'vm', message: 'Booting Linux', fraction: null });
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
    vms.guest = guest;
    await expect(start()).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
      log: { path: '/run/vm.log', lines: expect.arrayContaining(['boot']) },
    });
    expect(booted).toEqual([]);
  });

  it('does not take cloud-init’s print of its own input for the marker', async () => {
    vms.guest = { console: "+ echo '@NFSTEST_VM_READY@'\n" };
    const starting = start();
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(context.types).not.toContain('vm.ready');
    vms.vms[0]?.print('NFSTEST_VM_READY\n');
    await starting;
  });

  it('is waited for only so long', async () => {
    vms.guest = { console: 'boot\n' };
    const vm = await vms.start(await specOf(), { ...never, onNote: () => {} });
    follow(vm);
    const waiting = waitForMarker({ tail: context.tail('vm'), options: fakeOptions(dir) }, vm, 'vm', context, 100);
    await expect(waiting).rejects.toMatchObject({ exitCode: 3, message: 'the client VM was not ready within 0.1 s' });
    await vm.stop({ graceMs: 0 });
  });
});

/** A spec of a VM that was started before. */
async function specOf() {
  const guest = vms.guest;
  vms.guest = { console: 'NFSTEST_VM_READY\n' };
  const vm = await start();
  await vm.stop({ graceMs: 0 });
  vms.guest = guest;
  context = new FakeContext();
  const [spec] = vms.specs;
  if (!spec) throw new Error('no VM was started');
  return spec;
}
