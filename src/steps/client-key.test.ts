import { chmodSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh from 'ssh2';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeFolder } from '../services/fake-folder.ts';
import { makeKeyPair } from '../services/key-pair.ts';
import { ensureClientKey } from './client-key.ts';

let dir: string;
let told: string[];
beforeEach(() => {
  dir = fakeFolder();
  told = [];
});

const path = () => join(dir, 'vm', 'id_ed25519');
const ensure = () => ensureClientKey(path(), (message) => told.push(message));
const names = () => readdirSync(join(dir, 'vm'));

describe('ensureClientKey', () => {
  it('makes a key once, for its owner’s eyes only', async () => {
    const key = await ensure();
    expect(key.privateKey).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----/);
    expect(key.publicKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]{68} nfstest-tui$/);
    expect(readFileSync(path(), 'utf8')).toBe(key.privateKey);
    expect(readFileSync(`${path()}.pub`, 'utf8')).toBe(`${key.publicKey}\n`);
    expect(names()).toEqual(['id_ed25519', 'id_ed25519.pub']);
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
    ['has a passphrase', () => ssh.utils.generateKeyPairSync('ed25519', { passphrase: 'x', cipher: 'aes256-ctr', rounds: 1 }).private],
  ])('one that %s is set aside and made anew, with its public half', async (_, harm) => {
    const first = await ensure();
    const text = harm(first.privateKey);
    writeFileSync(path(), text);
    const second = await ensure();
    expect(second.publicKey).not.toBe(first.publicKey);
    expect(readFileSync(`${path()}.pub`, 'utf8')).toBe(`${second.publicKey}\n`);
    expect(told).toEqual([expect.stringMatching(/id_ed25519 is damaged .*set aside as .*id_ed25519\.corrupt-/)]);
    const aside = names().find((name) => name.includes('corrupt')) ?? '';
    expect(readFileSync(join(dir, 'vm', aside), 'utf8')).toBe(text);
    expect(statSync(join(dir, 'vm', aside)).mode & 0o777).toBe(0o600);
    expect(await ensure()).toEqual(second);
  });

  it.each([
    ['is missing', () => rmSync(`${path()}.pub`)],
    ['is another key’s', () => writeFileSync(`${path()}.pub`, `${makeKeyPair().public}\n`)],
    ['is cut off', () => writeFileSync(`${path()}.pub`, 'ssh-ed25519 AAAAC3Nz')],
  ])('a public half that %s is made anew from the private one', async (_, harm) => {
    const key = await ensure();
    harm();
    expect(await ensure()).toEqual(key);
    expect(readFileSync(`${path()}.pub`, 'utf8')).toBe(`${key.publicKey}\n`);
    expect(told).toEqual([]);
  });

  it('takes the comment that stands there', async () => {
    const { publicKey } = await ensure();
    const line = publicKey.replace('nfstest-tui', 'me@home, of the lab');
    writeFileSync(`${path()}.pub`, `${line}\n`);
    expect((await ensure()).publicKey).toBe(line);
  });

  it('says which can’t be read, and does not replace it', async () => {
    await ensure();
    rmSync(path());
    symlinkSync('id_ed25519', path());
    await expect(ensure()).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/can't read or make the SSH key .*id_ed25519: /),
      hint: 'remove it to have it made anew',
    });
    expect(names()).toEqual(['id_ed25519', 'id_ed25519.pub']);
  });
});
