import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import type { Options, Values } from '../config/options.ts';
import { readOwnText } from '../disk/read-json.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { removeFiles } from './clean-files.ts';

let dir: string;
let options: Options;
const use = (flags: Values = {}) => {
  options = fakeOptions(dir, flags);
};
beforeEach(() => {
  dir = fakeFolder();
  use();
});

function put(...names: readonly string[]): void {
  for (const name of names) {
    const path = join(options.imageDir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'text');
  }
}
const left = () => readdirSync(options.imageDir, { recursive: true, encoding: 'utf8' }).sort();

describe('removeFiles', () => {
  it('leaves no key, wherever a program that was killed had it', async () => {
    put('id_ed25519', 'id_ed25519.pub', 'host_ed25519', 'known_hosts', 'user-data', 'meta-data', 'cidata.iso', 'vm.qcow2', 'vm.qcow2.json', 'vm.qcow2.part');
    put('instances/a/env.json', 'triage/vm-test.qcow2', 'saved/a/memory.img');
    put('id_ed25519.4711-0a1b2c3d.part', 'host_ed25519.4711-0a1b2c3d.part', 'user-data.4711-0a1b2c3d.part', 'vm.qcow2.json.4711-0a1b2c3d.part');
    put('cidata.iso.a1B2c3/content/user-data', 'cidata.iso.a1B2c3/seed.iso', 'cidata.iso.Zzzzzz/content/user-data', 'env.json.corrupt-20261125-184500');
    for (const name of ['id_ed25519', 'host_ed25519']) {
      await readOwnText(
        join(options.imageDir, name),
        () => null,
        () => {},
      );
      put(name);
    }
    expect(left().filter((name) => name.includes('_ed25519.corrupt-'))).toHaveLength(2);
    expect(await removeFiles(options)).toEqual([`removed ${join(options.imageDir, 'vm.qcow2')}`]);
    expect(left()).toEqual([]);
  });

  it('leaves alone what is not ours, however near its name is', async () => {
    const others = ['id_ed25519.kept', 'id_ed25519.corrupt-by-me', 'my_id_ed25519.corrupt-20261125-184500', 'host_ed25519.part', 'notes.4711-0a1b2c3d.part'];
    put(...others, 'cidata.iso', 'cidata.iso.photos/content', 'cidata.iso.photos/mine', 'cidata.iso.backups/content', 'cidata.iso.readme');
    put('own.qcow2', 'vm.qcow2', 'vm.qcow2.part');
    const before = left();
    expect(await removeFiles(options)).toEqual([]);
    expect(left()).toEqual(before);
  });

  it('clears the VM folder, whichever instance it is called for', async () => {
    put('vm.log', 'server.log', 'instances/a/vm.log', 'host_ed25519');
    use({ INSTANCE: 'a' });
    await removeFiles(options);
    expect(left()).toEqual([]);
  });

  it('looks for no folders beside a seed of the user’s elsewhere', async () => {
    put('../elsewhere/my.iso', '../elsewhere/my.iso.a1B2c3/content/user-data');
    use({ CIDATA_NAME: join(options.imageDir, '../elsewhere/my.iso') });
    await removeFiles(options);
    expect(readdirSync(join(options.imageDir, '../elsewhere'))).toEqual(['my.iso', 'my.iso.a1B2c3']);
  });
});
