import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root, runCli, startCli } from './support/cli.ts';
import { type Lab, openLab, trouble } from './support/lab.ts';

/** A server that answers RENAME with NFS3ERR_IO and loses the mode of new files. */
const config = join(root, 'test/fixtures/servers/broken/server.json');

describe.skipIf(trouble)('is it my server?', () => {
  let lab: Lab;
  let flags: readonly string[];
  beforeAll(async () => {
    lab = await openLab();
    expect((await runCli(['build', ...lab.flags])).exitCode).toBe(0);
    flags = [...lab.flags.filter((flag) => !flag.startsWith('--image-name')), '--image-name=broken'];
    expect((await runCli(['build', ...flags, `--server-config=${config}`])).exitCode).toBe(0);
  });
  afterAll(async () => {
    await runCli(['stop-env', ...lab.flags]);
  });
  const inTriage = () => ['env.json', 'run.lock', 'qmp.sock'].filter((name) => existsSync(join(lab.vmDir, 'triage', name)));

  test('the image’s name is enough: which call failed with which status, and that it is the server’s fault, without asking', async () => {
    const { exitCode, stdout } = await runCli(['--ci', ...flags, '--testcase=rename', '--quiet', '--reporter=plain,junit,html']);
    expect([exitCode, stdout]).toEqual([
      1,
      expect.stringMatching(/^triage: whose fault\? rename again elsewhere \(about \d+\.\d s; --triage=never leaves it out\)$/m),
    ]);
    expect(stdout).toMatch(/^triage {5}rename: server$/m);
    expect(stdout).toMatch(/^repeat with .* --server-config=test\/fixtures\/servers\/broken\/server\.json .*--testcase=rename$/m);
    const shown = (await runCli(['show', 'latest', 'rename', ...flags])).stdout.split('\n');
    expect(shown[1]).toMatch(/^ {4}fault {4}server: \d+ assertions failed again on NFS-Ganesha with faults, and not on NFS-Ganesha or local disk$/);
    expect(shown[2]).toMatch(/^ {4}call {5}RENAME f001 → f002\/new {2}NFS3ERR_IO \(\d+ answers with this status\)$/);
    const folder = join(lab.runsDir, 'latest');
    expect(await readFile(join(folder, 'junit.xml'), 'utf8')).toMatch(
      /<property name="triage" value="server"\/>.*<property name="wire\.errors" value="RENAME /,
    );
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toMatch(/id="answers"[\s\S]*NFS3ERR_IO[\s\S]*<b class="server">server<\/b>/);
    expect(await lab.leftovers()).toEqual([]);
    expect(inTriage()).toEqual([]);
  });

  test('against a good server it is a new failure', async () => {
    expect((await runCli(['--ci', ...lab.flags, '--testcase=rename', '--quiet'])).exitCode).toBe(0);
    const worse = await runCli(['compare', 'latest', 'latest~1', ...lab.flags]);
    expect(worse).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('rename     passed -> failed\n    fault    server: ') });
    expect((await runCli(['compare', 'latest~1', 'latest', ...lab.flags])).exitCode).toBe(0);
  });

  test('an interrupt ends the triage and leaves nothing; the run is kept, and asked again later it answers', async () => {
    const run = startCli(['--ci', ...flags, '--testcase=rename', '--quiet', '--reporter=plain,junit']);
    await run.waitFor('triage: rename again');
    run.child.kill('SIGINT');
    expect(await run.finished).toMatchObject({ exitCode: 130, stdout: expect.stringMatching(/^triage {5}stopped$/m) });
    expect(await lab.leftovers()).toEqual([]);
    expect(inTriage()).toEqual([]);
    const junit = () => readFile(join(lab.runsDir, 'latest', 'junit.xml'), 'utf8');
    expect(await junit()).not.toContain('name="triage"');

    const later = await runCli(['triage', ...lab.flags]);
    expect(later).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^triage {5}rename: server$/m) });
    expect(await junit()).toContain('<property name="triage" value="server"/>');
    expect(await lab.summary()).toMatchObject({ exitCode: 1, testcases: [{ name: 'rename', triage: { blame: 'server' } }] });
  });

  test('without tshark: the numbers, the capture, and the command that opens it', async () => {
    const bin = await mkdtemp(join(tmpdir(), 'nfstest-bin-'));
    const { symlink } = await import('node:fs/promises');
    try {
      // All programs but tshark.
      for (const folder of (process.env.PATH ?? '').split(':').filter((each) => existsSync(each))) {
        for (const name of await readdir(folder)) if (name !== 'tshark') await symlink(join(folder, name), join(bin, name)).catch(() => {});
      }
      const { exitCode, stdout } = await runCli(['--ci', ...flags, '--testcase=rename', '--quiet', '--triage=never'], { env: { PATH: bin } });
      expect([exitCode, stdout]).toEqual([1, expect.stringContaining('see rename.pcap in the run’s folder')]);
      expect(stdout).not.toMatch(/^triage/m);
      const shown = (await runCli(['show', 'latest', 'rename', ...flags])).stdout;
      expect(shown).toMatch(
        /on the wire\n {2}\d+ calls: .*\n {2}errors: NFS3ERR_IO \d.*\n {2}latency: .*\n {2}the calls before each failure are not known: tshark is not installed\n {2}capture: rename\.pcap, to be read with\n {4}tshark -r rename\.pcap -d tcp\.port==\d+,rpc /,
      );
      expect(existsSync(join(lab.runsDir, 'latest', 'rename.pcap'))).toBe(true);
    } finally {
      await rm(bin, { recursive: true, force: true });
    }
  });
});
