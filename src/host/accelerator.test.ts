import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceleratorArguments, acceleratorCandidates } from './accelerator.ts';
import { currentVerdictKey, readVerdict, rememberVerdict, verdictKey } from './accelerator-memory.ts';
import { complaintOf, findKernel, probeAccelerator } from './accelerator-probe.ts';
import { chooseAccelerator } from './choose-accelerator.ts';
import { processStartTime } from './process.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'accelerator-'));
});
afterEach(async () => rm(dir, { recursive: true, force: true }));

/** A stand-in for QEMU; leaves its pid in the folder. */
async function fakeQemu(script: string): Promise<string> {
  const file = join(dir, 'qemu-system-fake');
  await writeFile(file, `#!/bin/sh\ncase "$*" in *--version*) echo "QEMU emulator version 1"; exit;; esac\necho $$ >>'${dir}/pid'\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

/** Start times of every fake QEMU that ran: null for each that is gone. */
async function leftovers(): Promise<(string | null)[]> {
  const pids = (await readFile(join(dir, 'pid'), 'utf8')).trim().split('\n');
  return Promise.all(pids.map(async (pid) => processStartTime(Number(pid))));
}

const hang = 'exec sleep 60';
const boot = `printf '[ 0.0] Linux ver'; sleep 0.05; echo 'sion 6.1'; ${hang}`;

test('candidates, fastest first', () => {
  const facts = { kvm: 'accessible', hvf: false } as const;
  expect(acceleratorCandidates({ facts, hostArch: 'x64', requested: 'auto' })).toEqual(['kvm', 'tcg']);
  expect(acceleratorCandidates({ facts, hostArch: 'x64', guestArch: 'arm64', requested: 'auto' })).toEqual(['tcg']);
  expect(acceleratorCandidates({ facts: { kvm: 'denied', hvf: false }, hostArch: 'x64', requested: 'auto' })).toEqual(['tcg']);
  expect(acceleratorCandidates({ facts: { kvm: 'absent', hvf: true }, hostArch: 'arm64', requested: 'auto' })).toEqual(['hvf', 'tcg']);
  expect(acceleratorCandidates({ facts, hostArch: 'x64', requested: 'tcg' })).toEqual(['tcg']);
  expect(acceleratorArguments('hvf', 'x64', 'darwin')).toEqual(['-accel', 'hvf', '-cpu', 'host,-pdpe1gb']);
});

test('a guest that speaks proves the accelerator, even where its words come in pieces', async () => {
  const result = await probeAccelerator({ qemuBinary: await fakeQemu(boot), accelerator: 'kvm', kernel: '/k' });
  expect(result).toEqual({ accelerator: 'kvm', works: true, reason: 'a guest booted' });
  expect(await leftovers()).toEqual([null]);
});

test('a guest that hangs does not, and nothing is left', async () => {
  const result = await probeAccelerator({
    qemuBinary: await fakeQemu(`trap '' TERM; ${hang}`),
    accelerator: 'kvm',
    kernel: '/k',
    deadlineMs: 300,
  });
  expect(result).toMatchObject({ works: false, reason: 'the guest showed no sign of life within 0.3 s' });
  expect(await leftovers()).toEqual([null]);
});

test('a QEMU that aborts says why', async () => {
  const qemuBinary = await fakeQemu('echo "qemu-system-x86_64: error: failed to set MSR 0x10a" >&2; kill -ABRT $$');
  for (const kernel of ['/k', null]) {
    const result = await probeAccelerator({ qemuBinary, accelerator: 'kvm', kernel });
    expect(result).toMatchObject({ works: false, transient: false });
    expect(result.reason).toBe('QEMU ended (SIGABRT) before a guest showed life: failed to set MSR 0x10a');
  }
});

test('without a kernel nothing is proved', async () => {
  const result = await probeAccelerator({ qemuBinary: await fakeQemu(hang), accelerator: 'kvm', kernel: null, survivalMs: 200 });
  expect(result.works).toBe('unknown');
  expect(await leftovers()).toEqual([null]);
});

test('an aborted probe rejects and leaves nothing', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('stop')), 200);
  await expect(probeAccelerator({ qemuBinary: await fakeQemu(hang), accelerator: 'kvm', kernel: '/k', signal: controller.signal })).rejects.toThrow('stop');
  expect(await leftovers()).toEqual([null]);
});

test('a QEMU that is not there is no lasting verdict', async () => {
  expect(await probeAccelerator({ qemuBinary: join(dir, 'none'), accelerator: 'kvm', kernel: null })).toMatchObject({
    works: false,
    transient: true,
  });
});

test('complaints: errors before the last line, warnings never', () => {
  expect(complaintOf('qemu-system-x86_64: warning: x\n')).toBeNull();
  expect(complaintOf('qemu-system-x86_64: error: bad\n/usr/bin/qemu-system-x86_64: Assertion failed\n')).toBe('bad');
  expect(complaintOf('a\nb\n')).toBe('b');
});

test('verdicts are kept by key; damage and other keys are no verdict', async () => {
  const file = join(dir, 'sub', 'verdicts.json');
  expect(await readVerdict(file, 'a')).toBeNull();
  await rememberVerdict(file, 'a', { works: false, reason: 'hung' });
  await rememberVerdict(file, 'b', { works: true, reason: 'booted' });
  expect(await readVerdict(file, 'a')).toMatchObject({ works: false, reason: 'hung' });
  expect(await readVerdict(file, 'c')).toBeNull();
  expect(await readVerdict(file, 'toString')).toBeNull();
  expect(await readdir(join(dir, 'sub'))).toEqual(['verdicts.json']);
  for (const damage of ['{"verdicts"', 'null', '{"verdicts":{"a":null}}', '{"verdicts":{"a":{"works":"yes"}}}']) {
    await writeFile(file, damage);
    expect(await readVerdict(file, 'a')).toBeNull();
  }
  await rememberVerdict(file, 'a', { works: true, reason: 'again' });
  expect(await readVerdict(file, 'a')).toMatchObject({ works: true });
});

test('the memory does not grow for ever', async () => {
  const file = join(dir, 'v.json');
  for (let index = 0; index < 20; index += 1) await rememberVerdict(file, `key ${index}`, { works: true, reason: '' });
  expect(await readVerdict(file, 'key 3')).toBeNull();
  expect(await readVerdict(file, 'key 4')).not.toBeNull();
});

test('every part counts in the key', () => {
  const parts = { accelerator: 'kvm', qemuVersion: 'q', kernelRelease: 'r', cpuModel: 'c', device: 'd' } as const;
  for (const part of ['accelerator', 'qemuVersion', 'kernelRelease', 'cpuModel', 'device']) {
    expect(verdictKey({ ...parts, [part]: 'other' })).not.toBe(verdictKey(parts));
  }
});

test('a hanging accelerator is found out once, then remembered', async () => {
  const qemuBinary = await fakeQemu(hang);
  const verdictFile = join(dir, 'v.json');
  const kernel = join(dir, 'vmlinuz');
  await writeFile(kernel, '');
  const options = {
    qemuBinary,
    requested: 'auto',
    verdictFile,
    kernels: [kernel],
    facts: { kvm: 'accessible', hvf: false },
    deadlineMs: 200,
  } as const;
  const first = await chooseAccelerator(options);
  expect(first).toMatchObject({ accelerator: 'tcg', works: true, rejected: [{ accelerator: 'kvm', works: false }] });
  const second = await chooseAccelerator(options);
  expect(second.rejected[0]?.reason).toContain('(remembered)');
  expect(await leftovers()).toEqual([null]);
  await expect(chooseAccelerator({ ...options, requested: 'kvm' })).rejects.toThrow(/accelerator 'kvm' does not work here: .* no sign of life/);
  // What a real boot showed replaces it.
  await rememberVerdict(verdictFile, await currentVerdictKey('kvm', 'QEMU emulator version 1'), { works: true, reason: 'booted' });
  expect(await chooseAccelerator(options)).toMatchObject({ accelerator: 'kvm', works: true });
});

test('a device that this user may not open is named', async () => {
  const choice = await chooseAccelerator({
    qemuBinary: await fakeQemu(hang),
    requested: 'auto',
    verdictFile: join(dir, 'v.json'),
    facts: { kvm: 'denied', hvf: false },
  });
  expect(choice.accelerator).toBe('tcg');
  expect(choice.rejected[0]?.reason).toContain('no permission');
});

test('the given kernel first, else the newest', async () => {
  for (const name of ['vmlinuz-6.9.0', 'vmlinuz-6.10.0', 'config-7']) await writeFile(join(dir, name), '');
  expect(await findKernel([], dir)).toBe(join(dir, 'vmlinuz-6.10.0'));
  expect(await findKernel([join(dir, 'absent'), join(dir, 'config-7')], dir)).toBe(join(dir, 'config-7'));
  expect(await findKernel([], join(dir, 'none'))).toBeNull();
});
