import { expect, test } from 'vitest';
import { diagnose } from './doctor.ts';
import { type FakeHost, failedAttempt, fakeEngine, readyHost } from './fake-host.ts';
import { renderReport, reportToJson } from './report.ts';

const options = {
  vmDir: 'build/vm',
  nfsPort: 4000,
  sshPort: 2222,
  vmMemoryBytes: 512 * 1024 ** 2,
  accelerator: 'auto',
  verdictFile: 'v.json',
} as const;

async function checkOf(host: FakeHost, id: string, more: Partial<Parameters<typeof diagnose>[0]> = {}) {
  const report = await diagnose({ host, ...options, ...more });
  const check = report.checks.find((entry) => entry.id === id);
  return { ok: report.ok, ...check };
}

test('a ready machine', async () => {
  const report = await diagnose({ host: readyHost(), ...options, serverSource: '../src' });
  expect(report.ok).toBe(true);
  expect(renderReport(report, { color: false })).toMatchInlineSnapshot(`
    "ok       system               Fake OS, x64
    ok       Node.js              24.1.0
    ok       container engine     Docker 20.10.24 (API 1.41, overlay2) at unix:///var/run/docker.sock
    ok       QEMU                 7.2.22 at /usr/bin/qemu-system-x86_64
    ok       accelerator          kvm: a guest booted
    ok       qemu-img             /usr/bin/qemu-img
    ok       ISO tool             /usr/bin/genisoimage
    ok       image tools          mmdebstrap, mke2fs
    ok       git                  /usr/bin/git
    ok       CA certificates      /etc/ssl/certs/ca-certificates.crt
    ok       ssh client           /usr/bin/ssh
    ok       NFS port             4000 is free
    ok       SSH port             2222 is free
    ok       disk for the VM      50.0 GiB free at build/vm
    ok       disk for the engine  50.0 GiB free at /var/lib/docker
    ok       memory               8.0 GiB available, about 1.0 GiB needed
    ok       server source        no Cargo.toml in ../src; the bundled reference server is tested

    Ready to run.
    "
  `);
});

test('a bare machine: every fault has its fix', async () => {
  const host = readyHost();
  host.programs.clear();
  host.programs.add('apt-get');
  host.files.clear();
  host.engine = { engine: null, tried: [failedAttempt('no such socket')] };
  const report = await diagnose({ host, ...options });
  expect(report.ok).toBe(false);
  for (const check of report.checks) {
    expect(check.fix === null, check.id).toBe(check.status === 'ok');
    expect(check.detail + (check.fix ?? ''), check.id).not.toContain('\n');
  }
  expect(report.checks.filter((check) => check.status === 'missing').map((check) => check.id)).toEqual(['engine', 'qemu', 'qemu-img', 'iso', 'images']);
  expect(report.checks.find((check) => check.id === 'iso')?.fix).toBe('Run: nfstest-tui setup (installs genisoimage)');
  expect(renderReport(report, { color: false })).toContain('Not ready: 5 things are missing');
  expect(Object.keys(reportToJson(report))).toEqual(['ok', 'checks']);
});

test('emulation only is slower, never missing', async () => {
  const host = readyHost();
  const rejected = [{ accelerator: 'kvm', works: false, reason: 'hung' }] as const;
  host.accelerator = { accelerator: 'tcg', works: true, reason: '', rejected, verdictKey: 'k' };
  expect(await checkOf(host, 'accelerator')).toMatchObject({
    ok: true,
    status: 'warning',
    detail: 'tcg (emulation), slower: about a minute to boot; kvm: hung',
  });
});

test('an accelerator that was asked for and fails stops the job', async () => {
  const host = readyHost();
  host.accelerator = new Error("accelerator 'kvm' does not work here");
  expect(await checkOf(host, 'accelerator', { accelerator: 'kvm' })).toMatchObject({ ok: false, status: 'missing' });
});

test('a QEMU that is there and does not run is missing', async () => {
  const host = readyHost();
  host.answers.unshift(['--version', { exitCode: 127, stderr: 'libfoo.so: cannot open' }]);
  expect(await checkOf(host, 'qemu')).toMatchObject({ ok: false, status: 'missing', detail: expect.stringContaining('libfoo.so') });
});

test('a taken port is a warning with its holder', async () => {
  const host = readyHost();
  host.takenPorts.set(4000, 'ganesha (pid 7)');
  host.takenPorts.set(2222, null);
  expect(await checkOf(host, 'nfs-port')).toMatchObject({
    ok: true,
    status: 'warning',
    detail: '4000 is taken by ganesha (pid 7); a run takes the next free one',
  });
  expect(await checkOf(host, 'ssh-port')).toMatchObject({ status: 'warning', detail: expect.stringContaining('another program') });
});

test('too little disk is missing, too little memory a warning', async () => {
  const host = readyHost();
  host.diskBytes = 4 * 1024 ** 3 - 1;
  expect(await checkOf(host, 'disk-vm')).toMatchObject({ ok: false, status: 'missing' });
  expect(await checkOf(host, 'disk-engine')).toMatchObject({ status: 'missing' });
  host.diskBytes += 1;
  host.memoryBytes = 1024 ** 3 - 1;
  expect(await checkOf(host, 'memory')).toMatchObject({ ok: true, status: 'warning' });
});

test('images: made here, or downloaded, or neither', async () => {
  const host = readyHost();
  host.programs.delete('mke2fs');
  const imageUrl = 'https://images.invalid/x';
  expect(await checkOf(host, 'images', { imageUrl })).toMatchObject({
    ok: false,
    status: 'missing',
    fix: 'Run: nfstest-tui setup (installs e2fsprogs)',
  });
  host.reachable.add(imageUrl);
  expect(await checkOf(host, 'images', { imageUrl })).toMatchObject({ ok: true, status: 'warning' });
});

test('an old Node, another system', async () => {
  const host = readyHost();
  host.nodeVersion = '20.19.0';
  expect(await checkOf(host, 'node')).toMatchObject({ ok: false, status: 'missing' });
  host.platform = 'win32';
  expect(await checkOf(host, 'system')).toMatchObject({ status: 'missing', fix: expect.stringContaining('WSL') });
});

test('an engine on another machine is a warning', async () => {
  const host = readyHost();
  host.engine = { engine: { ...fakeEngine, host: 'tcp://far:2375', isLocal: false }, tried: [] };
  expect(await checkOf(host, 'engine')).toMatchObject({ ok: true, status: 'warning' });
  expect(await checkOf(host, 'disk-engine')).not.toHaveProperty('status');
});

test('on macOS the fixes name Homebrew', async () => {
  const host = readyHost();
  host.platform = 'darwin';
  host.programs.clear();
  host.programs.add('hdiutil');
  host.engine = { engine: null, tried: [] };
  expect(await checkOf(host, 'qemu')).toMatchObject({ fix: 'Run: brew install qemu' });
  expect(await checkOf(host, 'engine')).toMatchObject({ fix: 'Run: brew install colima docker && colima start' });
  expect(await checkOf(host, 'iso')).toMatchObject({ status: 'ok' });
});

test('colour is only help', () => {
  const report = { ok: false, checks: [{ id: 'a', title: 'A', status: 'missing', detail: 'gone', fix: null }] } as const;
  const coloured = renderReport(report, { color: true });
  expect(coloured).toContain('\u001B[31mMISSING\u001B[0m');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it removes colours.
  expect(coloured.replace(/\u001B\[\d+m/g, '')).toBe(renderReport(report, { color: false }));
});
