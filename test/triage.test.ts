import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { program, root, runCli } from './support/cli.ts';
import { type Lab, openLab, trouble } from './support/lab.ts';
import { TestTerminal } from './ui/terminal.ts';

describe.skipIf(trouble)('NFS versions and triage', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    // The faulty server is built on top of the reference server's image.
    expect((await runCli(['build', ...lab.flags])).exitCode).toBe(0);
  });
  afterAll(async () => {
    await runCli(['stop-env', ...lab.flags]);
  });

  test('a faulty server over two versions: a grid, each failure the server’s, the kept environment left alone', async () => {
    const server = ['--image-name=tiny', `--server-config=${join(root, 'test/fixtures/servers/tiny/server.json')}`];
    const flags = [...lab.flags.filter((flag) => !flag.startsWith('--image-name')), ...server];
    const output = join(lab.runsDir, 'reports');
    const { exitCode, stdout } = await runCli([
      ...['--ci', ...flags, '--testcase=readlink,write', '--nfs-version=3,4.1', '--triage', '--keep', '--quiet'],
      ...['--reporter=plain,junit', `--output-dir=${output}`],
    ]);
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('NFS Test FAILED over NFS 3, 4.1')]);
    expect(stdout).toContain('testcase  NFS 3   NFS 4.1\n  readlink  passed  passed\n  write     FAILED  FAILED\n');
    expect(stdout.match(/^triage {5}write: server$/gm)).toHaveLength(2);
    expect(stdout).toContain('           reference on NFS-Ganesha: passed\n           local disk: passed\n');

    expect((await lab.events()).slice(-2)).toMatchObject([{ type: 'versions.finished' }, { type: 'triage.finished', testcase: 'write', blame: 'server' }]);
    expect((await runCli(['show', 'latest', 'write', ...flags])).stdout).toMatch(/Triage: server[\s\S]*Run again/);
    for (const version of ['3', '4.1']) expect(await readFile(join(output, `nfs-${version}`, 'junit.xml'), 'utf8')).toContain('Triage: server');

    const status = await runCli(['status', '--json', ...flags]);
    expect([status.exitCode, existsSync(join(lab.vmDir, 'triage', 'env.json'))]).toEqual([0, false]);
    await runCli(['stop-env', ...flags]);
    expect(await lab.leftovers()).toEqual([]);
  });

  test('the same in the dashboard: both versions, the grid, whose fault it is, and an end that leaves nothing', async () => {
    const server = ['--image-name=tiny', `--server-config=${join(root, 'test/fixtures/servers/tiny/server.json')}`];
    const flags = [...lab.flags.filter((flag) => !flag.startsWith('--image-name')), ...server, '--nfs-version=3,4.1', '--testcase=write'];
    const shown = new TestTerminal([process.execPath, program, 'dashboard', ...flags], { columns: 120, rows: 40 });
    const until = (what: string) => shown.until((text) => text.includes(what), 120_000);
    const ready = (text: string) => text.split('\n', 1)[0]?.includes('ready') === true;
    try {
      await shown.until(ready, 300_000);
      shown.write('\r');
      await shown.until((text) => text.includes('✘ write'), 120_000);
      shown.write('/write\r');
      await until('NFS 3 FAILED · NFS 4.1 FAILED');
      await shown.until(ready, 120_000);
      shown.write('v');
      await until('testcase  NFS 3    NFS 4.1');
      shown.write('\u001B');
      await shown.until((text) => !text.includes('testcase  NFS 3'), 120_000);
      shown.write('t');
      await until('Triage: server');
      await until('on NFS-Ganesha: passed');
      shown.write('q');
      expect(await shown.exited).toBe(1);
    } finally {
      shown.hangUp();
      await shown.exited;
    }
    const kinds = (await lab.events()).map(({ type }) => type);
    expect(kinds.filter((type) => type === 'versions.finished' || type === 'triage.finished')).toEqual(['versions.finished', 'triage.finished']);
    expect(await lab.leftovers()).toEqual([]);
  });

  test('a version that the server does not serve, alone, is refused before anything starts', async () => {
    const flags = lab.flags.filter((flag) => !flag.startsWith('--image-name'));
    const { exitCode, stderr } = await runCli(['--ci', ...flags, '--image-name=arcticwolf', '--nfs-version=4.1']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('Arctic Wolf does not serve NFS version 4.1\n  → use --nfs-version with one of 3')]);
  });
});
