import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import type { Values } from '../config/options.ts';
import { EnvironmentError } from '../model/errors.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { FakeVmImageService } from '../services/fake-images.ts';
import { FakeProcessTable } from '../services/fake-network.ts';
import { FakeContext } from './fake-context.ts';
import { hostKeyInSeed } from './host-key.ts';
import { prepareVmImage } from './vm-image.ts';

let dir: string;
let images: FakeVmImageService;
/** Disks that were booted to install their packages. */
let provisioned: string[];
let provisionFailure: string | null;

beforeEach(() => {
  dir = fakeFolder();
  images = new FakeVmImageService();
  provisioned = [];
  provisionFailure = null;
});

const file = (name: string) => join(dir, 'build/nfstest/vm', name);

function prepare(flags: Values = {}, { context = new FakeContext(), platform = 'linux' as NodeJS.Platform, arch = 'x64' } = {}) {
  const provision = async (image: { readonly disk: string }) => {
    provisioned.push(image.disk);
    if (provisionFailure === null) return;
    rmSync(image.disk);
    throw new EnvironmentError(provisionFailure, 'try again');
  };
  return prepareVmImage(fakeOptions(dir, flags), platform, arch, { images, provision, processes: new FakeProcessTable() }, context);
}

describe('Alpine', () => {
  it('is downloaded, booted once for its packages, and then used as it is', async () => {
    const context = new FakeContext();
    const first = await prepare({}, { context });
    expect(first).toMatchObject({
      image: { disk: file('vm.qcow2'), kernel: null, title: 'Alpine 3.24.2 client' },
      detail: 'Alpine 3.24.2 client, downloaded',
      cidata: file('cidata.iso'),
    });
    expect(provisioned).toEqual([file('vm.qcow2')]);
    expect(context.phases).toEqual(['vm-image ok: Alpine 3.24.2 client, downloaded']);
    expect(await prepare()).toMatchObject({ image: { needsProvisioning: false }, detail: 'Alpine 3.24.2 client, unchanged' });
    expect(provisioned).toHaveLength(1);
    expect(images.calls).toEqual(['seed', 'alpine 3.24.2 x86_64']);
  });

  it('is put back to its owner’s eyes only: its first boot wrote the guest’s private host key there', async () => {
    await prepare();
    chmodSync(file('vm.qcow2'), 0o644);
    await prepare();
    expect(statSync(file('vm.qcow2')).mode & 0o777).toBe(0o600);
  });

  it('comes anew for another version or processor', async () => {
    await prepare();
    await prepare({ ALPINE_VERSION: '3.25.0' });
    await prepare({ ALPINE_VERSION: '3.25.0' }, { arch: 'arm64' });
    expect(images.calls).toEqual(['seed', 'alpine 3.24.2 x86_64', 'alpine 3.25.0 x86_64', 'alpine 3.25.0 aarch64']);
    expect(provisioned).toHaveLength(3);
  });

  it('whose packages could not be installed is downloaded again', async () => {
    provisionFailure = 'the client VM is not usable: no network';
    await expect(prepare()).rejects.toMatchObject({ message: provisionFailure });
    provisionFailure = null;
    expect(await prepare()).toMatchObject({ detail: 'Alpine 3.24.2 client, downloaded' });
    expect(provisioned).toHaveLength(2);
  });

  it('was booted, but the program died: it is booted again, not downloaded', async () => {
    provisionFailure = null;
    await prepare();
    writeFileSync(file('vm.qcow2.json'), readFileSync(file('vm.qcow2.json'), 'utf8').replace('"provisioned":true', '"provisioned":false'));
    await prepare();
    expect(provisioned).toHaveLength(2);
    expect(images.calls.filter((call) => call.startsWith('alpine'))).toHaveLength(1);
  });
});

describe('Debian', () => {
  it('is built where Alpine can’t be had, with a note; the network is not asked again', async () => {
    images.alpineFailure = 'could not download alpine.qcow2: ENOTFOUND';
    const context = new FakeContext();
    const prepared = await prepare({}, { context });
    const kernel = { image: file('vmlinuz'), initrd: file('initrd.img'), append: 'root=/dev/vda rw console=ttyS0' };
    expect(prepared).toMatchObject({ image: { disk: file('vm.qcow2'), kernel, needsProvisioning: false }, detail: 'Debian 12 client, built' });
    expect(context.notes).toEqual(['info: could not download alpine.qcow2: ENOTFOUND; building a Debian image instead']);
    expect(context.logs.buffers.build.tail(5)).toEqual(['==> packages']);
    expect(await prepare({}, { arch: 'x64' })).toMatchObject({ image: { kernel }, detail: 'Debian 12 client, unchanged' });
    expect(images.calls).toEqual(['seed', 'alpine 3.24.2 x86_64', 'debian vm.qcow2']);
    expect(provisioned).toEqual([]);
  });

  it('is built at once where it is asked for, and again when its recipe or kernel is gone', async () => {
    await prepare({ VM_SOURCE: 'debian' });
    rmSync(file('initrd.img'));
    await prepare({ VM_SOURCE: 'debian' });
    writeFileSync(file('vm.qcow2.json'), readFileSync(file('vm.qcow2.json'), 'utf8').replace(/"inputs":"\w+"/, '"inputs":"older"'));
    await prepare({ VM_SOURCE: 'debian' });
    expect(images.calls).toEqual(['seed', 'debian vm.qcow2', 'debian vm.qcow2', 'debian vm.qcow2']);
  });

  it('a build that breaks off does not make the old disk the user’s own', async () => {
    await prepare({ VM_SOURCE: 'debian' });
    rmSync(file('initrd.img'));
    images.debianFailure = 'sh failed: no mirror';
    await expect(prepare({ VM_SOURCE: 'debian' })).rejects.toMatchObject({ message: 'sh failed: no mirror' });
    images.debianFailure = null;
    expect(await prepare({ VM_SOURCE: 'debian' })).toMatchObject({ detail: 'Debian 12 client, built' });
  });

  it('is no way out where Alpine was asked for, or off Linux', async () => {
    images.alpineFailure = 'HTTP 404';
    await expect(prepare({ VM_SOURCE: 'alpine' })).rejects.toMatchObject({ exitCode: 3, message: 'HTTP 404' });
    await expect(prepare({}, { platform: 'darwin', arch: 'arm64' })).rejects.toMatchObject({
      exitCode: 3,
      message: 'HTTP 404',
      hint: expect.stringMatching(/only be built on Linux.*--vm-image/),
    });
    expect(images.calls).not.toContain('debian vm.qcow2');
  });

  it('is not built when the download is cut off by the user', async () => {
    await prepare();
    images.workMs = 5_000;
    const context = new FakeContext({ signal: AbortSignal.timeout(50) });
    await expect(prepare({ ALPINE_VERSION: '3.25.0' }, { context })).rejects.toThrow(/abort/i);
    expect(context.phases).toEqual(['vm-image cancelled']);
    expect(images.calls).not.toContain('debian vm.qcow2');
  });
});

describe('an image of the user’s', () => {
  it('boots as it is: nothing is downloaded, nothing is written beside it', async () => {
    const disk = join(dir, 'my.qcow2');
    writeFileSync(disk, 'mine');
    expect(await prepare({ VM_IMAGE_NAME: disk })).toMatchObject({ image: { disk, kernel: null, needsProvisioning: false }, detail: `${disk}, given` });
    expect(images.calls).toEqual(['seed']);
    expect(existsSync(`${disk}.json`)).toBe(false);
    expect(readFileSync(disk, 'utf8')).toBe('mine');
  });

  it('also in the VM folder: a disk that we did not make is not replaced', async () => {
    await prepare();
    writeFileSync(file('own.qcow2'), 'mine');
    expect(await prepare({ VM_IMAGE_NAME: 'own.qcow2' })).toMatchObject({ detail: `${file('own.qcow2')}, given` });
    expect(readFileSync(file('own.qcow2'), 'utf8')).toBe('mine');
  });

  it('that is not there is wrong usage', async () => {
    await expect(prepare({ VM_IMAGE_NAME: '/no/such.qcow2' })).rejects.toMatchObject({
      exitCode: 2,
      message: 'the VM image /no/such.qcow2 does not exist',
      hint: expect.stringMatching(/--vm-image/),
    });
  });
});

describe('the seed', () => {
  it('holds our key, and is made anew only when something changed', async () => {
    const { key } = await prepare();
    const userData = readFileSync(file('user-data'), 'utf8');
    expect(userData).toContain(key.publicKey);
    expect(userData).toContain('NFSTEST_VM_READY');
    expect(userData).not.toMatch(/@[A-Z_]+@/);
    await prepare();
    rmSync(file('id_ed25519'));
    await prepare();
    rmSync(file('cidata.iso'));
    await prepare();
    expect(images.calls.filter((call) => call === 'seed')).toHaveLength(3);
  });

  it('gives the guest the checkout’s host key, and nobody else may read it', async () => {
    const { hostKey } = await prepare();
    const [, yaml = ''] = /^ssh_keys:\n {2}ed25519_private: (.*)$/m.exec(readFileSync(file('user-data'), 'utf8')) ?? [];
    expect(JSON.parse(yaml)).toBe(readFileSync(file('host_ed25519'), 'utf8'));
    expect(hostKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]{68}$/);
    expect(hostKeyInSeed(readFileSync(file('user-data')))).toBe(hostKey);
    expect(statSync(file('user-data')).mode & 0o777).toBe(0o600);
  });

  it('is new to a disk that was booted before whenever it says something else, and only then', async () => {
    await prepare();
    const first = readFileSync(file('meta-data'), 'utf8');
    expect(first).toMatch(/^instance-id: nfstest-vm-[\da-f]{12}\nlocal-hostname: nfstest-vm\n$/);
    rmSync(file('cidata.iso'));
    await prepare();
    expect(readFileSync(file('meta-data'), 'utf8')).toBe(first);
    rmSync(file('host_ed25519'));
    await prepare();
    expect(readFileSync(file('meta-data'), 'utf8')).not.toBe(first);
  });

  it('is made anew for another host key; a damaged one is told of', async () => {
    const { hostKey } = await prepare();
    writeFileSync(file('host_ed25519'), 'no key');
    const context = new FakeContext();
    const again = await prepare({}, { context });
    expect(again.hostKey).not.toBe(hostKey);
    expect(context.notes).toEqual([expect.stringMatching(/host_ed25519 is damaged .*set aside/)]);
    expect(images.calls.filter((call) => call === 'seed')).toHaveLength(2);
  });

  it('is made anew for another SSH key; a damaged one is told of', async () => {
    const { key } = await prepare();
    writeFileSync(file('id_ed25519'), key.privateKey.slice(0, 150));
    const context = new FakeContext();
    const again = await prepare({}, { context });
    expect(again.key.publicKey).not.toBe(key.publicKey);
    expect(context.notes).toEqual([expect.stringMatching(/^warning: .*id_ed25519 is damaged .*set aside/)]);
    expect(readFileSync(file('user-data'), 'utf8')).toContain(again.key.publicKey);
    expect(images.calls.filter((call) => call === 'seed')).toHaveLength(2);
  });

  it('is made again after a failure: the old one holds the old key', async () => {
    await prepare();
    rmSync(file('id_ed25519'));
    images.seedFailure = 'no tool to make an ISO image is installed';
    await expect(prepare()).rejects.toMatchObject({ message: images.seedFailure });
    images.seedFailure = null;
    await prepare();
    expect(images.calls.filter((call) => call === 'seed')).toHaveLength(3);
  });

  it('of the user’s must hold our key; it is left as it is', async () => {
    const { key } = await prepare();
    const cidata = join(dir, 'my.iso');
    writeFileSync(cidata, 'ssh_authorized_keys: [ssh-ed25519 somebody-else]');
    await expect(prepare({ CIDATA_NAME: cidata })).rejects.toMatchObject({
      exitCode: 2,
      message: `${cidata} does not hold this checkout's SSH key`,
      hint: expect.stringContaining(`${file('id_ed25519')}.pub`),
    });
    writeFileSync(cidata, `ssh_authorized_keys: ["${key.publicKey}"]`);
    expect(await prepare({ CIDATA_NAME: cidata })).toMatchObject({ cidata, hostKey: null });
    writeFileSync(cidata, `ssh_authorized_keys: ["${key.publicKey}"]\nssh_keys:\n  ed25519_public: ssh-ed25519 AAAA\n`);
    expect(await prepare({ CIDATA_NAME: cidata })).toMatchObject({ cidata, hostKey: 'ssh-ed25519 AAAA' });
    await expect(prepare({ CIDATA_NAME: '/no/such.iso' })).rejects.toMatchObject({ exitCode: 2, message: 'the seed image /no/such.iso does not exist' });
    expect(images.calls.filter((call) => call === 'seed')).toHaveLength(1);
  });
});
