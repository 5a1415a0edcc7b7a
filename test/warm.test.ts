import { existsSync } from 'node:fs';
import { appendFile, copyFile, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Finished, runCli, startCli } from './support/cli.ts';
import { type Lab, openLab, trouble } from './support/lab.ts';

/** A size that no other test uses: what is broken here costs the others nothing. */
const own = ['--memory=448M'];
const slot = '1-cpus-448-mib-bundled';

interface Phase {
  readonly phase: string;
  readonly status: string;
  readonly durationMs: number;
}

describe.skipIf(trouble)('a client VM that is saved once', () => {
  let lab: Lab;
  const phases = async () => (await lab.summary()).phases as readonly Phase[];
  const names = async () => (await phases()).map(({ phase }) => phase);
  const run = (...flags: string[]) => runCli(['--ci', '--testcase=read', ...lab.flags, ...flags]);
  const passes = async ({ exitCode, stdout }: Finished) => {
    expect(stdout).toMatch(/^PASS +read +\d+\/\d+/m);
    expect(exitCode).toBe(0);
    expect(await lab.leftovers()).toEqual([]);
  };
  const savedFile = async (name: string) => {
    const saved = join(lab.vmDir, 'saved');
    const found = (await readdir(saved)).find((dir) => dir.includes('448-mib'));
    return join(saved, found ?? slot, name);
  };

  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(async () => {
    await runCli(['stop-env', ...lab.flags]);
  });

  test('a start that finds one saved takes it: no boot, no upload, and the guest is whole', async () => {
    // Where another test has saved it already, this takes a second.
    expect((await runCli(['start-env', ...lab.flags])).exitCode).toBe(0);
    await runCli(['stop-env', ...lab.flags]);

    const started = await runCli(['start-env', ...lab.flags]);
    expect(started.exitCode).toBe(0);
    expect(started.stdout).toMatch(/start client VM … [\d.]+ s \(.*from its saved state\)/);
    expect(started.stdout).not.toMatch(/boot client VM|upload suite/);

    const guest = `date +%s.%N; hostname; getent hosts "$(hostname)"; ip -4 -o addr show scope global; cat /proc/sys/kernel/random/uuid; sudo -n true && echo root; timeout 5 bash -c '</dev/tcp/10.0.2.2/${lab.nfsPort}' && echo reached`;
    const ask = async () => {
      const { exitCode, stdout } = await runCli(['shell', guest, ...lab.flags]);
      const nowS = Date.now() / 1000;
      expect(exitCode).toBe(0);
      const [seconds = '', hostname, hosts, address, uuid, ...rest] = stdout.trim().split('\n');
      // The answer takes its time on an emulated processor.
      expect(nowS - Number(seconds)).toBeGreaterThan(-1);
      expect(nowS - Number(seconds)).toBeLessThan(6);
      return { hostname, hosts, address, uuid, rest };
    };
    const first = await ask();
    expect(first).toMatchObject({ hostname: 'nfstest-vm', rest: ['root', 'reached'] });
    expect(first.hosts).toContain('nfstest-vm');
    expect(first.address).toMatch(/inet 10\.0\.2\.15/);

    await passesIn(await runCli(['test', '--testcase=read', ...lab.flags]));
    await runCli(['stop-env', ...lab.flags]);
    expect((await runCli(['start-env', ...lab.flags])).exitCode).toBe(0);
    expect((await ask()).uuid).not.toBe(first.uuid);
    await runCli(['stop-env', ...lab.flags]);
    expect(await lab.leftovers()).toEqual([]);
  });

  const passesIn = async ({ exitCode, stdout }: Finished) => {
    expect(stdout).toMatch(/^PASS +read +\d+\/\d+/m);
    expect(exitCode).toBe(0);
  };

  test('killed while it was saved: the next start says so, and saves again', async () => {
    const killed = startCli(['--ci', '--testcase=read', ...lab.flags, ...own]);
    await killed.waitFor('save client VM');
    killed.child.kill('SIGKILL');
    await killed.finished;
    expect(existsSync(await savedFile('saved.json'))).toBe(false);
    const finished = await run(...own);
    expect(finished.stdout).toMatch(/^note: the saved client VM is not used: saving it was cut off; booting cold and saving again$/m);
    await passes(finished);
    expect(await names()).toEqual(expect.arrayContaining(['vm-boot', 'vm-save', 'vm']));
    expect((await stat(await savedFile('memory.img'))).size).toBe(448 * 2 ** 20);
  });

  test('a changed flag takes a state of its own, and leaves that of the others', async () => {
    // Both are there by now: neither start boots.
    for (const flags of [[], own]) {
      await passes(await run(...flags));
      expect(await names()).not.toContain('vm-boot');
    }
    const record = JSON.parse(await readFile(await savedFile('saved.json'), 'utf8')) as { identity: Record<string, string> };
    // As if it had been saved by a program that gave QEMU another flag.
    const [[key] = ['']] = Object.entries(record.identity).filter(([, value]) => value.includes('-append'));
    expect(key).not.toBe('');
    const before = { ...record.identity, [key]: record.identity[key]?.replace('-append', '-other -append') };
    await writeFile(await savedFile('saved.json'), JSON.stringify({ ...record, identity: before }));
    const finished = await run(...own);
    expect(finished.stdout).toMatch(new RegExp(`^note: the saved client VM is not used: ${key} changed; booting cold and saving again$`, 'm'));
    await passes(finished);
    expect(await names()).toContain('vm-save');
  });

  test.each([
    ['devices.state', 'devices'],
    ['memory.img', 'memory'],
  ])('a truncated %s: says so, boots cold and saves again', async (file, what) => {
    const path = await savedFile(file);
    await truncate(path, Math.floor((await stat(path)).size / 2));
    const finished = await run(...own);
    expect(finished.stdout).toMatch(new RegExp(`^note: the saved client VM is not used: its ${what} changed on disk; booting cold and saving again$`, 'm'));
    await passes(finished);
    expect(await names()).toContain('vm-save');
  });

  test('a changed image: says so, boots cold and saves again', async () => {
    // The image is a link to the developer's own.
    const image = join(lab.vmDir, 'vm.qcow2');
    const kept = `${image}.kept`;
    await rename(image, kept);
    try {
      await copyFile(kept, image);
      await appendFile(image, Buffer.alloc(64 * 1024));
      const finished = await run(...own);
      expect(finished.stdout).toMatch(/^note: the saved client VM is not used: the image changed; booting cold and saving again$/m);
      await passes(finished);
    } finally {
      await rename(kept, image);
      await rm(await savedFile('.'), { recursive: true, force: true });
    }
  });
});
