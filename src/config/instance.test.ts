import { describe, expect, it } from 'vitest';
import { fakeOptions } from './fake-options.ts';
import { vmFiles } from './vm-files.ts';

const main = fakeOptions('/checkout');
const named = (INSTANCE: string, more = {}) => fakeOptions('/checkout', { INSTANCE, ...more });

describe('an instance', () => {
  it('has its own folder, lock, sockets and ports, and shares image, key, seed and saved VM', () => {
    const two = named('two');
    expect(two.vmDir).toBe('/checkout/build/nfstest/vm/instances/two');
    expect([two.vmImage, two.cidata, two.imageDir]).toEqual([main.vmImage, main.cidata, main.imageDir]);
    const [here, there] = [vmFiles(main), vmFiles(two)];
    const shared = Object.keys(here).filter((name) => here[name as keyof typeof here] === there[name as keyof typeof there]);
    expect(shared.sort()).toEqual(['accelerators', 'digests', 'hostKey', 'imageLock', 'initrd', 'key', 'metaData', 'saved', 'userData', 'vmlinuz'].sort());
    expect(two.nfsPort.value).not.toBe(main.nfsPort.value);
    expect(two.sshPort.value).not.toBe(main.sshPort.value);
    expect(named('two')).toEqual(two);
  });

  it('has ports that were asked for', () => {
    expect(named('two', { NFS_PORT: '4000' }).nfsPort).toEqual({ value: 4000, explicit: true });
  });

  it('ten of them have twenty different ports', () => {
    const all = Array.from({ length: 10 }, (_, index) => named(`run-${index}`));
    expect(new Set(all.flatMap(({ nfsPort, sshPort }) => [nfsPort.value, sshPort.value])).size).toBe(20);
  });

  it.each(['../up', 'Two', 'a b', '-x', 'a'.repeat(31), 'a/b', '.'])('refuses the name %j', (name) => {
    expect(() => named(name)).toThrow(/is no name of an instance/);
  });
});
