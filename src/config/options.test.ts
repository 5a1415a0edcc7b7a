import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../model/errors.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { fakeOptions } from './fake-options.ts';
import { parseDuration, parseMemory, parseSize, type Values } from './options.ts';

const cwd = fakeFolder();

function complaint(flags: Values, environment: Values = {}): string {
  try {
    fakeOptions(cwd, flags, environment);
  } catch (error) {
    if (error instanceof UserError) return `${error.message}\n  → ${error.hint}`;
    throw error;
  }
  return 'no complaint';
}

describe('parseSize', () => {
  it.each([
    ['256M', 268_435_456],
    ['64k', 65_536],
    ['1 GiB', 1_073_741_824],
    ['2048', 2048],
  ])('%s', (text, bytes) => expect(parseSize('LOG_MAX', text)).toBe(bytes));

  it.each(['', '0', '1023', '-1', '1.5G', '9999999G', 'big'])('refuses %j', (text) => expect(() => parseSize('LOG_MAX', text)).toThrow(UserError));
});

describe('defaults', () => {
  it('are those of the issue', () => {
    const options = fakeOptions(cwd);
    expect(options).toMatchObject({
      imageName: { value: 'ganesha', explicit: false },
      imageTag: 'latest',
      vmDir: join(cwd, 'build/nfstest/vm'),
      vmImage: { value: join(cwd, 'build/nfstest/vm/vm.qcow2'), explicit: false },
      cidata: { value: join(cwd, 'build/nfstest/vm/cidata.iso'), explicit: false },
      testcases: { value: 'open,read,write', explicit: false },
      nfsPort: { value: 4000, explicit: false },
      sshPort: { value: 2222, explicit: false },
      memoryMiB: 512,
      nfsVersion: '3',
      serverSource: join(cwd, '../arcticwolf'),
      timeoutMs: 30 * 60_000,
      logMaxBytes: 256 * 2 ** 20,
    });
  });

  it('IMAGE_NAME is arcticwolf where SERVER_SRC holds a Cargo.toml or is a repository', () => {
    const source = join(cwd, 'server');
    mkdirSync(source);
    const name = (value: string) => fakeOptions(cwd, { SERVER_SRC: value }).imageName;
    expect(fakeOptions(cwd).imageName).toEqual({ value: 'ganesha', explicit: false });
    // Another server than the one that was named must not be tested in its place.
    expect(() => name('server')).toThrow(/SERVER_SRC .*server holds no Cargo.toml/);
    expect(fakeOptions(cwd, { SERVER_SRC: 'server', IMAGE_NAME: 'ganesha' }).imageName.value).toBe('ganesha');
    writeFileSync(join(source, 'Cargo.toml'), '');
    expect(name('server')).toEqual({ value: 'arcticwolf', explicit: false });
    for (const url of ['https://example.org/a.git', 'git://example.org/a', 'git@example.org:a.git', 'ssh://example.org/a']) {
      expect(name(url)).toEqual({ value: 'arcticwolf', explicit: false });
      expect(fakeOptions(cwd, { SERVER_SRC: url, NFSTEST_SRC: url })).toMatchObject({ serverSource: url, nfstestSource: url });
    }
  });
});

describe('precedence', () => {
  it('flag, then environment, then file', () => {
    expect(fakeOptions(cwd, { NFS_PORT: '1' }, { NFS_PORT: '2' }).nfsPort).toEqual({ value: 1, explicit: true });
    expect(fakeOptions(cwd, {}, { NFS_PORT: '2' }).nfsPort).toEqual({ value: 2, explicit: true });
    expect(fakeOptions(cwd).nfsPort).toEqual({ value: 4000, explicit: false });
  });

  it('an empty variable, as make exports it, means the default', () => {
    for (const empty of ['', ' '])
      expect(fakeOptions(cwd, {}, { NFS_PORT: empty, NFSTEST_SRC: empty })).toMatchObject({ nfsPort: { explicit: false }, nfstestSource: '' });
  });

  it('blanks around a value are no part of it', () => {
    expect(fakeOptions(cwd, { NFS_PORT: ' 5000 ' }, { VM_MEMORY: '1G ' })).toMatchObject({ nfsPort: { value: 5000 }, memoryMiB: 1024 });
  });

  it('a bare file name lies in the VM folder, any other where the user is', () => {
    const files = (VM_IMAGE_NAME: string) => fakeOptions(cwd, { VM_OUTPUT_DIR: 'vms', VM_IMAGE_NAME }).vmImage.value;
    expect(files('my.qcow2')).toBe(join(cwd, 'vms/my.qcow2'));
    expect(files('./my.qcow2')).toBe(join(cwd, 'my.qcow2'));
    expect(files('/images/my.qcow2')).toBe('/images/my.qcow2');
  });
});

describe('bad input', () => {
  it.each<[Values, string]>([
    [{ NFS_PORT: '0' }, "NFS_PORT: '0' is no port\n  → use a number from 1 to 65535"],
    [{ NFS_PORT: '65536' }, "NFS_PORT: '65536' is no port\n  → use a number from 1 to 65535"],
    [{ SSH_PORT: 'ssh' }, "SSH_PORT: 'ssh' is no port\n  → use a number from 1 to 65535"],
    [{ SSH_PORT: '22.5' }, "SSH_PORT: '22.5' is no port\n  → use a number from 1 to 65535"],
    [{ SSH_PORT: '-1' }, "SSH_PORT: '-1' is no port\n  → use a number from 1 to 65535"],
    [{ VM_MEMORY: 'lots' }, "'lots' is no memory size\n  → use for example 512M or 1G"],
    [{ VM_MEMORY: '64M' }, '64M of memory is too little for the client VM\n  → give at least 256M; 512M is the default'],
    [{ VM_MEMORY: '9999999G' }, '9999999G of memory is more than can be meant\n  → use for example 512M or 1G'],
    [{ VM_CPUS: '0' }, "VM_CPUS can't be '0'\n  → use a number from 1 to 64"],
    [{ NFS_VERSION: '5' }, "'5' is no NFS version\n  → use one of 3, 4.0, 4.1, 4.2"],
    [{ NFS_VERSION: '2' }, "'2' is no NFS version\n  → use one of 3, 4.0, 4.1, 4.2"],
    [{ ACCEL: 'xen' }, "ACCEL can't be 'xen'\n  → use one of auto, kvm, hvf, tcg"],
    [{ SUITE: 'ltp' }, "SUITE can't be 'ltp'\n  → use one of auto, nfstest, bundled"],
    [{ BUILDER: 'make' }, "BUILDER can't be 'make'\n  → use one of auto, earthly, engine"],
    [{ VM_SOURCE: 'fedora' }, "VM_SOURCE can't be 'fedora'\n  → use one of auto, alpine, debian"],
    [{ TIMEOUT: 'soon' }, "TIMEOUT: 'soon' is no duration\n  → use for example 90s, 30m or 2h"],
    [{ TIMEOUT: '0' }, "TIMEOUT: '0' is no duration\n  → use for example 90s, 30m or 2h"],
    [{ IMAGE_NAME: 'Ganesha' }, "'Ganesha' is no image name\n  → use lower-case letters, digits and . _ - / between them; the tag goes into --image-tag"],
    [
      { IMAGE_NAME: 'ganesha:latest' },
      "'ganesha:latest' is no image name\n  → use lower-case letters, digits and . _ - / between them; the tag goes into --image-tag",
    ],
    [{ IMAGE_NAME: '../ganesha' }, "'../ganesha' is no image name\n  → use lower-case letters, digits and . _ - / between them; the tag goes into --image-tag"],
    ...['a/../b', 'a//b', '-a', 'Team/server', 'a/'].map((IMAGE_NAME): [Values, string] => [
      { IMAGE_NAME },
      `'${IMAGE_NAME}' is no image name\n  → use lower-case letters, digits and . _ - / between them; the tag goes into --image-tag`,
    ]),
    [{ IMAGE_NAME: ' ' }, 'the image name is empty\n  → give one, for example --image-name ganesha'],
    [{ IMAGE_TAG: 'a b' }, "'a b' is no image tag\n  → use letters, digits and _ . -"],
    [{ VM_IMAGE_NAME: ' ' }, 'VM_IMAGE_NAME is empty\n  → give a file name, for example vm.qcow2'],
  ])('%j', (values, message) => {
    expect(complaint(values)).toBe(message);
    // The environment's is as bad as a flag's, except that empty means the default there.
    if (Object.values(values).every((value) => value?.trim())) expect(complaint({}, values)).toBe(message);
  });

  it.each(['ghcr.io/me/server', 'localhost:5000/server', 'a', 'my-server_2.x', 'registry.example.org:443/a/b'])('%s is an image name', (IMAGE_NAME) => {
    expect(complaint({ IMAGE_NAME })).toBe('no complaint');
  });
});

it.each<[string, number]>([
  ['512M', 512],
  ['512', 512],
  ['1G', 1024],
  ['1.5g', 1536],
  ['512MiB', 512],
  ['2GB', 2048],
])('memory %s is %i MiB', (text, mebibytes) => {
  expect(parseMemory(text)).toBe(mebibytes);
});

it.each<[string, number]>([
  ['90', 90],
  ['90s', 90],
  ['30m', 1_800],
  ['2h', 7_200],
  ['1h30m', 5_400],
  ['1h1m1s', 3_661],
])('duration %s is %i s', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds * 1_000);
});

it.each<[string, string]>([
  ['3', '3'],
  ['v4.2', '4.2'],
  ['4', '4.0'],
  ['4.1', '4.1'],
])('NFS version %s is %s', (NFS_VERSION, version) => {
  expect(fakeOptions(cwd, { NFS_VERSION }).nfsVersion).toBe(version);
});

it('several NFS versions are each one once, in the order given; the first has its turn first', () => {
  const { nfsVersion, nfsVersions } = fakeOptions(cwd, { NFS_VERSION: '4.1, 3,v4.1' });
  expect([nfsVersion, nfsVersions]).toEqual(['4.1', ['4.1', '3']]);
  expect(() => fakeOptions(cwd, { NFS_VERSION: ',' })).toThrow('no NFS version was selected');
  expect(() => fakeOptions(cwd, { NFS_VERSION: '3,5' })).toThrow("'5' is no NFS version");
});
