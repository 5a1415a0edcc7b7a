import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { FakePortService } from '../services/fake-network.ts';
import { FakeRemoteService, fakeHostKey } from '../services/fake-remote.ts';
import { FakeVmService } from '../services/fake-vm.ts';
import { FakeContext } from './fake-context.ts';
import { provisionImage } from './provision.ts';

let disk: string;
let vms: FakeVmService;
let remote: FakeRemoteService;
let context: FakeContext;
let booted: string[];
const dir = fakeFolder();
const options = fakeOptions(dir);

beforeEach(() => {
  [vms, remote, context, booted] = [new FakeVmService(), new FakeRemoteService(), new FakeContext(), []];
  mkdirSync(options.vmDir, { recursive: true });
  disk = join(options.vmDir, 'vm.qcow2');
  writeFileSync(disk, 'alpine');
});

function provision() {
  const image = { disk, kernel: null, title: 'Alpine', needsProvisioning: true };
  const ports = new FakePortService();
  ports.holders.set(2222, 'another VM');
  const onBooted = async (accelerator: string) => {
    booted.push(accelerator);
  };
  const services = { vms, remote, ports, accelerators: async () => ['tcg'], firmware: async () => null, onBooted };
  const key = { privateKey: 'private', publicKey: 'public' };
  return provisionImage({ options, image, seed: { cidata: '/seed.iso', hostKey: fakeHostKey }, key }, services, context);
}

/** The guest obeys `poweroff`. */
const obey = () =>
  void expect
    .poll(() => remote.ran.length, { timeout: 5_000 })
    .toBe(1)
    .then(() => vms.vms[0]?.die());

describe('provisionImage', () => {
  it('boots the image itself, shuts it down in good order and keeps it', async () => {
    obey();
    await provision();
    expect(vms.specs).toMatchObject([{ overlay: disk, sshPort: 2223, consoleLog: join(options.vmDir, 'provisioning.log') }]);
    expect(remote.ran).toEqual(['sync; sudo poweroff']);
    expect(remote.sessions.map(({ isClosed }) => isClosed)).toEqual([true]);
    expect(booted).toEqual(['tcg']);
    expect(existsSync(disk)).toBe(true);
  });

  it.each<[string, () => void, RegExp]>([
    [
      'whose packages can’t be installed',
      () => {
        vms.guest = { console: 'NFSTEST_VM_FAILED: no nfs-utils\n' };
      },
      /no nfs-utils/,
    ],
    [
      'that ends by itself',
      () => {
        vms.guest = { console: '', endsAfterMs: 10 };
      },
      /ended while it booted/,
    ],
    [
      'that does not know our key',
      () => {
        remote.acceptedKey = 'another';
      },
      /does not accept our SSH key/,
    ],
  ])('removes an image %s: half-installed, it would only fail later', async (_, arrange, message) => {
    arrange();
    await expect(provision()).rejects.toThrow(message);
    expect(existsSync(disk)).toBe(false);
    expect(vms.vms.map(({ ended }) => ended)).toEqual([true]);
    expect(booted).toEqual([]);
  });

  it('leaves no VM when it is cut off', async () => {
    vms.guest = { console: 'installing\n' };
    setTimeout(() => context.abort(), 30);
    await expect(provision()).rejects.toThrow(/abort/i);
    expect(vms.vms.map(({ ended }) => ended)).toEqual([true]);
  });

  it('leaves no VM when it is cut off while the guest shuts down', async () => {
    setTimeout(() => context.abort(), 400);
    await expect(provision()).rejects.toThrow(/abort/i);
    expect(remote.ran).toHaveLength(1);
    expect(vms.vms.map(({ ended }) => ended)).toEqual([true]);
  });
});
