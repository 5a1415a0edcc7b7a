import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh from 'ssh2';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeFolder } from '../services/fake-folder.ts';
import { makeKeyPair } from '../services/key-pair.ts';
import { ensureHostKey, hostKeyInSeed, writeKnownHosts } from './host-key.ts';

let dir: string;
let told: string[];
beforeEach(() => {
  dir = fakeFolder();
  told = [];
});

const path = () => join(dir, 'vm', 'host_ed25519');
const ensure = () => ensureHostKey(path(), (message) => told.push(message));

describe('ensureHostKey', () => {
  it('makes a key once, for its owner’s eyes only', async () => {
    const key = await ensure();
    expect(key.publicKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]{68}$/);
    expect(readFileSync(path(), 'utf8')).toBe(key.privateKey);
    expect(readdirSync(join(dir, 'vm'))).toEqual(['host_ed25519']);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    chmodSync(path(), 0o644);
    expect(await ensure()).toEqual(key);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(told).toEqual([]);
  });

  it.each([
    ['is empty', () => ''],
    ['is cut off', (whole: string) => whole.slice(0, 200)],
    ['is only the public half', () => makeKeyPair().public],
    ['is of another type', () => ssh.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private],
    ['has a passphrase', () => ssh.utils.generateKeyPairSync('ed25519', { passphrase: 'x', cipher: 'aes256-ctr', rounds: 1 }).private],
  ])('one that %s is set aside and made anew', async (_, harm) => {
    const first = await ensure();
    const text = harm(first.privateKey);
    writeFileSync(path(), text);
    const second = await ensure();
    expect(second.publicKey).not.toBe(first.publicKey);
    expect(told).toEqual([expect.stringMatching(/host_ed25519 is damaged .*set aside as .*host_ed25519\.corrupt-/)]);
    const aside = readdirSync(join(dir, 'vm')).find((name) => name.includes('corrupt')) ?? '';
    expect(readFileSync(join(dir, 'vm', aside), 'utf8')).toBe(text);
    expect(await ensure()).toEqual(second);
  });

  it('says where it can’t be written', async () => {
    mkdirSync(path(), { recursive: true });
    await expect(ensure()).rejects.toMatchObject({ exitCode: 3, message: expect.stringMatching(/can't make the client VM's host key .*host_ed25519: /) });
  });
});

it.each<[string, string | null]>([
  ['ssh_keys:\n  ed25519_public: "ssh-ed25519 AAAAC3Nz+/= me@home"\n', 'ssh-ed25519 AAAAC3Nz+/='],
  ["ssh_keys:\n    ed25519_public: 'ssh-ed25519 AAAA'\n", 'ssh-ed25519 AAAA'],
  ['ssh_keys:\n  ed25519_public: ssh-ed25519 AAAA\n', 'ssh-ed25519 AAAA'],
  ['# ssh_keys:\n#   ed25519_public: ssh-ed25519 AAAA\n', null],
  ['ssh_keys:\n  rsa_public: ssh-rsa AAAA\n', null],
  ['ssh_authorized_keys:\n  - ssh-ed25519 AAAA\n', null],
])('hostKeyInSeed of %j is %j', (text, found) => {
  // Around it lie bytes of an ISO image.
  expect(hostKeyInSeed(Buffer.concat([Buffer.from([0, 255, 128, 0]), Buffer.from(`\n${text}`), Buffer.alloc(64, 200)]))).toBe(found);
});

it('known_hosts names the guest of the lane, and no earlier one', async () => {
  const file = join(dir, 'known_hosts');
  await writeKnownHosts(file, 'ssh-ed25519 AAAA');
  expect(readFileSync(file, 'utf8')).toBe('nfstest-vm ssh-ed25519 AAAA\n');
  await writeKnownHosts(file, null);
  await writeKnownHosts(file, null);
  expect(existsSync(file)).toBe(false);
});
