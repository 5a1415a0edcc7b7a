import { existsSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { EnvironmentError } from '../model/errors.ts';
import { FakeVmStart } from './fake-vm-start.ts';
import type { SavedVmFiles } from './saved-vm.ts';
import type { Bake, SavedVms } from './saved-vms.ts';
import { vmSpec } from './vm.ts';

let lab: FakeVmStart;
let saved: SavedVms;
let baked: string[];
let notes: string[];

beforeEach(() => {
  lab = new FakeVmStart();
  saved = lab.saved();
  [baked, notes] = [[], []];
});

const write = ({ memory, devices, disk }: SavedVmFiles) => {
  for (const path of [memory, devices, disk]) writeFileSync(path, `content of ${path}`);
};

/** Boots and saves on behalf of this lane. */
const bakeBy =
  (lane: string): Bake =>
  async (files) => {
    baked.push(lane);
    await new Promise((resolve) => setTimeout(resolve, 10));
    write(files);
    return 'tcg';
  };

function provide(lane: string, bake = bakeBy(lane), from = saved) {
  const input = lab.input();
  return from.provide(input, vmSpec(input, ['tcg'], 2222 + baked.length, null), bake, (message) => notes.push(`${lane}: ${message}`));
}

describe('lanes that share saved VMs', () => {
  it('have one made, by the first that asks', async () => {
    const [one, two] = await Promise.all([provide('lane 1'), provide('lane 2')]);
    expect(baked).toEqual(['lane 1']);
    expect(one).toEqual(two);
    expect(one.accelerator).toBe('tcg');
    expect(existsSync(one.files.record)).toBe(true);
  });

  it('one that waited tries for itself where the first failed', async () => {
    const first = provide('lane 1', async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      throw new EnvironmentError('interrupted', 'start again');
    });
    const second = provide('lane 2');
    await expect(first).rejects.toThrow('interrupted');
    await second;
    expect(baked).toEqual(['lane 2']);
  });

  it('all fail where none can be made', async () => {
    const broken: Bake = async () => {
      baked.push('broken');
      throw new EnvironmentError('no QEMU', 'install it');
    };
    const results = await Promise.allSettled([provide('lane 1', broken), provide('lane 2', broken), provide('lane 3', broken)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(baked).toHaveLength(3);
  });

  it('one that finds it useless has another made, once for those that ask then', async () => {
    const found = await provide('lane 1');
    await saved.discard(found);
    expect(existsSync(found.files.dir)).toBe(false);
    await Promise.all([provide('lane 1'), provide('lane 2')]);
    expect(baked).toEqual(['lane 1', 'lane 1']);
  });

  it('two that find the same one useless discard it once: what was made since stays', async () => {
    const [one, two] = await Promise.all([provide('lane 1'), provide('lane 2')]);
    await saved.discard(one);
    const fresh = await provide('lane 1');
    await saved.discard(two);
    expect(existsSync(fresh.files.record)).toBe(true);
    expect(await provide('lane 2')).toEqual(fresh);
    expect(baked).toEqual(['lane 1', 'lane 1']);
  });
});

describe('a process at the same time', () => {
  it('waits while another environment makes one, says for whom, and takes what was made', async () => {
    const gate = Promise.withResolvers<void>();
    const first = provide('first', async (files) => {
      baked.push('first');
      await gate.promise;
      write(files);
      return 'tcg';
    });
    await expect.poll(() => baked).toEqual(['first']);
    const second = provide('second', bakeBy('second'), lab.saved());
    await expect.poll(() => notes).toEqual([`second: process ${process.pid} makes what this run needs too; waiting for it`]);
    gate.resolve();
    expect(await second).toEqual(await first);
    expect(baked).toEqual(['first']);
  });

  it('does not wait any longer when it is cut off', async () => {
    const gate = Promise.withResolvers<void>();
    const first = provide('first', async (files) => {
      baked.push('first');
      await gate.promise;
      write(files);
      return 'tcg';
    });
    await expect.poll(() => baked).toEqual(['first']);
    const abort = new AbortController();
    const input = lab.input();
    const second = lab.saved().provide(input, vmSpec(input, ['tcg'], 2222, null), bakeBy('second'), (message) => notes.push(message), abort.signal);
    await expect.poll(() => notes).toHaveLength(1);
    abort.abort();
    await expect(second).rejects.toThrow(/abort/i);
    gate.resolve();
    await first;
  });
});

describe('a later process', () => {
  it('finds what was saved, whatever its run, ports and sockets are', async () => {
    const before = await provide('lane 1');
    expect(await provide('later', bakeBy('later'), lab.saved())).toEqual(before);
    expect(baked).toEqual(['lane 1']);
    expect(notes).toEqual([]);
  });

  it('says that saving was cut off, and makes another', async () => {
    const never = provide('lane 1', async (files) => {
      writeFileSync(files.memory, 'half');
      baked.push('cut off');
      return new Promise(() => {});
    });
    void never.catch(() => {});
    await expect.poll(() => baked).toEqual(['cut off']);
    // It was killed, and its pid was given to another process.
    lab.processes.startTimes.set(process.pid, 'later');
    const made = await provide('later', bakeBy('later'), lab.saved());
    expect(notes).toEqual(['later: the saved client VM is not used: saving it was cut off; booting cold and saving again']);
    expect(existsSync(made.files.record)).toBe(true);
  });
});
