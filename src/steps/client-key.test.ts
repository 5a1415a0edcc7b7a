import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  it('tells its public half as authorized_keys wants it, and keeps it beside the key', async () => {
    const key = await ensure();
    expect(key.publicKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]{68} nfstest-tui$/);
    expect(readFileSync(`${path()}.pub`, 'utf8')).toBe(`${key.publicKey}\n`);
    expect(names()).toEqual(['id_ed25519', 'id_ed25519.pub']);
  });

  it('a damaged one is made anew with its public half', async () => {
    const first = await ensure();
    writeFileSync(path(), first.privateKey.slice(0, 200));
    const second = await ensure();
    expect(second.publicKey).not.toBe(first.publicKey);
    expect(readFileSync(`${path()}.pub`, 'utf8')).toBe(`${second.publicKey}\n`);
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
