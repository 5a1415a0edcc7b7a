import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh from 'ssh2';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeFolder } from '../services/fake-folder.ts';
import { makeKeyPair } from '../services/key-pair.ts';
import { ensureOwnKey } from './own-key.ts';

let dir: string;
let told: string[];
beforeEach(() => {
  dir = join(fakeFolder(), 'vm');
  told = [];
});

const path = () => join(dir, 'a_key');
const soundOne = (text: string) => {
  const key = ssh.utils.parseKey(text);
  return !(key instanceof Error) && key.isPrivateKey() ? text : null;
};
const ensure = () => ensureOwnKey(path(), soundOne, (message) => told.push(message));
const mode = (name: string) => statSync(join(dir, name)).mode & 0o777;

describe('a key of our own', () => {
  it('is made once, for its owner’s eyes only', async () => {
    const key = await ensure();
    expect(key).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----/);
    expect(readFileSync(path(), 'utf8')).toBe(key);
    expect(readdirSync(dir)).toEqual(['a_key']);
    expect(mode('a_key')).toBe(0o600);
    chmodSync(path(), 0o644);
    expect(await ensure()).toBe(key);
    expect(mode('a_key')).toBe(0o600);
    expect(told).toEqual([]);
  });

  it.each([
    ['is empty', () => ''],
    ['is cut off', (whole: string) => whole.slice(0, 200)],
    ['is only the public half', () => makeKeyPair().public],
    ['has a passphrase', () => ssh.utils.generateKeyPairSync('ed25519', { passphrase: 'x', cipher: 'aes256-ctr', rounds: 1 }).private],
  ])('one that %s is set aside, for nobody else’s eyes, and made anew', async (_, harm) => {
    const text = harm(await ensure());
    writeFileSync(path(), text);
    const second = await ensure();
    expect(second).not.toBe(text);
    expect(told).toEqual([expect.stringMatching(/a_key is damaged .*set aside as .*a_key\.corrupt-/)]);
    const aside = readdirSync(dir).find((name) => name.includes('corrupt')) ?? '';
    expect(readFileSync(join(dir, aside), 'utf8')).toBe(text);
    expect(mode(aside)).toBe(0o600);
    expect(await ensure()).toBe(second);
  });

  it('one that is there and can’t be looked at is not replaced', async () => {
    mkdirSync(dir);
    symlinkSync('a_key', path());
    await expect(ensure()).rejects.toMatchObject({ code: 'ELOOP' });
    expect(readdirSync(dir)).toEqual(['a_key']);
  });
});
