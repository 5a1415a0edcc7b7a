import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh from 'ssh2';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeFolder } from '../services/fake-folder.ts';
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
  it('tells its public half without a comment', async () => {
    expect((await ensure()).publicKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]{68}$/);
    expect(readdirSync(join(dir, 'vm'))).toEqual(['host_ed25519']);
  });

  it('one of another type is set aside: the guest is asked for this one alone', async () => {
    const first = await ensure();
    writeFileSync(path(), ssh.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private);
    expect((await ensure()).publicKey).not.toBe(first.publicKey);
    expect(told).toEqual([expect.stringMatching(/host_ed25519 is damaged .*set aside as .*host_ed25519\.corrupt-/)]);
  });

  it('says which can’t be read, and does not replace it', async () => {
    mkdirSync(join(dir, 'vm'));
    symlinkSync('host_ed25519', path());
    await expect(ensure()).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/can't read or make the client VM's host key .*host_ed25519: /),
    });
    expect(readdirSync(join(dir, 'vm'))).toEqual(['host_ed25519']);
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
