import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCli, startCli } from './support/cli.ts';
import { type Lab, openLab, trouble } from './support/lab.ts';

describe.skipIf(trouble)('the whole run, as plain lines', () => {
  let lab: Lab;
  /** Results of all testcases from a saved VM, by NFS version. */
  const alike = new Map<string, unknown>();
  const results = async () => {
    const summary = (await lab.summary()) as {
      totals: { assertionsPassed: number };
      testcases: { name: string; verdict: string; passedCount: number; failedCount: number }[];
      phases: { phase: string; durationMs: number }[];
    };
    return { ...summary, testcases: summary.testcases.map(({ name, verdict, passedCount, failedCount }) => ({ name, verdict, passedCount, failedCount })) };
  };
  beforeAll(async () => {
    lab = await openLab();
  });

  test('three testcases pass against NFS-Ganesha over NFS 3; nothing is left', async () => {
    const { exitCode, stdout, stderr } = await runCli(['--ci', '--testcase=open,read,write', '--reporter=plain,junit,tap,html', ...lab.flags]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/NFS Test PASSED/);
    expect(stdout).toMatch(/server +NFS-Ganesha \(ganesha:latest\)/);
    expect(stdout).toMatch(/bundled/);
    for (const name of ['open', 'read', 'write']) expect(stdout).toMatch(new RegExp(`^PASS +${name} +\\d+/\\d+`, 'm'));
    expect(exitCode).toBe(0);
    const events = await lab.events();
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['run.started', 'server.ready', 'vm.ready', 'client.connected', 'testcase.finished', 'run.finished']),
    );
    expect(await lab.summary()).toMatchObject({ exitCode: 0 });
    for (const name of ['suite.log', 'server.log', 'vm.log']) expect((await readFile(join(lab.runsDir, 'latest', name), 'utf8')).length).toBeGreaterThan(40);
    expect(await lab.leftovers()).toEqual([]);
    // The reports' paths are the last thing that is said.
    const [junit = '', ...others] = stdout.trimEnd().split('\n').slice(-3);
    expect([junit, ...others].map((line) => line.split(/\s+/)[0])).toEqual(['junit', 'tap', 'html']);
    const xml = await readFile(join(lab.runsDir, 'latest', 'junit.xml'), 'utf8');
    expect(xml).toMatch(/<property name="server.image.digest" value="sha256:[\da-f]{64}"/);
    expect(xml).toMatch(/<property name="nfs.mount.options" value="vers=3,port=\d+,proto=tcp/);
    expect(xml.match(/<testsuite /g)).toHaveLength(3);
    // What was kept answers later, and nothing is new or flaky.
    const shown = await runCli(['show', 'latest', 'open', ...lab.flags]);
    expect(shown.stdout).toMatch(/^PASS +open/);
    expect(await runCli(['compare', 'latest', 'latest', ...lab.flags])).toMatchObject({ exitCode: 0, stderr: '' });
    const again = await runCli(['--ci', '--last-failed', ...lab.flags]);
    expect(again).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('nothing failed the last time on ganesha over NFS 3') });
  });

  test.each(['3', '4.1'])('all 33 testcases of the bundled suite pass over NFS %s', async (version) => {
    const { exitCode, stdout } = await runCli(['--ci', '--testcase=all', `--nfs-version=${version}`, '--quiet', ...lab.flags]);
    expect(stdout.split('\n').slice(-20).join('\n')).toMatch(/NFS Test PASSED/);
    expect(stdout.match(/^PASS /gm)).toHaveLength(33);
    expect(exitCode).toBe(0);
    const summary = await results();
    expect(summary.totals.assertionsPassed).toBeGreaterThanOrEqual(250);
    alike.set(version, summary.testcases);
    expect(await lab.leftovers()).toEqual([]);
  });

  test('a VM that is booted cold comes to the same, testcase by testcase', async () => {
    const { exitCode } = await runCli(['--ci', '--cold', '--testcase=all', '--nfs-version=3', '--quiet', ...lab.flags]);
    expect(exitCode).toBe(0);
    const { testcases, phases } = await results();
    expect(testcases).toHaveLength(33);
    expect(testcases).toEqual(alike.get('3'));
    expect(phases.find(({ phase }) => phase === 'vm')?.durationMs).toBeGreaterThan(5_000);
  });

  test('two lanes come to the same, testcase by testcase', async () => {
    const { exitCode } = await runCli(['--ci', '--lanes=2', '--testcase=all', '--nfs-version=3', '--quiet', ...lab.flags]);
    expect(exitCode).toBe(0);
    const { testcases } = await results();
    expect(testcases).toHaveLength(33);
    expect(testcases).toEqual(alike.get('3'));
    expect(await lab.leftovers()).toEqual([]);
  });

  test('an interrupt while the VM boots tidies up and ends with 130', async () => {
    const run = startCli(['--ci', '--cold', '--testcase=read', ...lab.flags]);
    await run.waitFor('QEMU ');
    run.child.kill('SIGINT');
    const { exitCode, stdout } = await run.finished;
    expect(stdout).toMatch(/NFS Test FAILED: interrupted by SIGINT/);
    expect(exitCode).toBe(130);
    expect(await lab.leftovers()).toEqual([]);
  });

  test('a terminated run ends with 143 and says what did not run', async () => {
    const run = startCli(['--ci', '--testcase=all', ...lab.flags]);
    await run.waitFor('PASS ');
    run.child.kill('SIGTERM');
    const { exitCode, stdout } = await run.finished;
    expect(exitCode).toBe(143);
    expect(stdout).toMatch(/not run/i);
    expect(await lab.leftovers()).toEqual([]);
  });

  test('a port that was asked for and is taken: exit 3 naming its holder', async () => {
    const { createServer } = await import('node:net');
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(lab.nfsPort, '127.0.0.1', () => resolve()));
    try {
      const { exitCode, stdout } = await runCli(['--ci', '--testcase=read', ...lab.flags]);
      expect(exitCode).toBe(3);
      expect(stdout).toMatch(new RegExp(`port ${lab.nfsPort} \\(NFS\\) is taken by .*pid ${process.pid}`));
      expect(await lab.leftovers()).toEqual([]);
    } finally {
      holder.close();
    }
  });
});
