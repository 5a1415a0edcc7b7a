import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli, startCli } from './support/cli.ts';
import { type Lab, openLab, trouble } from './support/lab.ts';

const testcases = 'access,chdir,close,fcntl,link,lseek,mkdir,read,readdir,rename,rmdir,stat,symlink,unlink,write';
const count = testcases.split(',').length;

interface Summary {
  readonly exitCode: number;
  readonly testcases: readonly { readonly name: string; readonly verdict: string; readonly passedCount: number; readonly failedCount: number }[];
}

interface LaneEvent {
  readonly type: string;
  readonly lane: number;
  readonly pid?: number;
  readonly testcase?: string;
  readonly verdict?: string;
}

describe.skipIf(trouble)('lanes', () => {
  let lab: Lab;
  const results = async () =>
    ((await lab.summary()) as unknown as Summary).testcases.map(({ name, verdict, passedCount, failedCount }) => ({ name, verdict, passedCount, failedCount }));
  const events = async () => (await lab.events()) as unknown as readonly LaneEvent[];
  /** Numbers of the lanes in which testcases came to an end. */
  const lanesThatTested = async () =>
    [...new Set((await events()).filter(({ type, verdict }) => type === 'testcase.finished' && verdict !== 'not-run').map(({ lane }) => lane))].sort();

  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(async () => {
    await runCli(['stop-env', ...lab.flags]);
  });

  test('two come to the same as one, testcase by testcase, and leave nothing', async () => {
    expect(await runCli(['--ci', `--testcase=${testcases}`, '--lanes=1', '--quiet', ...lab.flags])).toMatchObject({ exitCode: 0 });
    const alone = await results();
    const { exitCode, stdout } = await runCli(['--ci', `--testcase=${testcases}`, '--lanes=2', ...lab.flags]);
    expect(stdout).toMatch(/^\[1\] /m);
    expect(stdout).toMatch(/^\[2\] /m);
    expect(exitCode).toBe(0);
    const together = await results();
    expect(together).toHaveLength(count);
    expect(together).toEqual(alone);
    expect(await lanesThatTested()).toEqual([0, 1]);
    for (const name of ['suite.log', 'suite.lane-2.log', 'server.lane-2.log', 'vm.lane-2.log'])
      expect((await readFile(join(lab.runsDir, 'latest', name), 'utf8')).length).toBeGreaterThan(40);
    expect(await lab.leftovers()).toEqual([]);
    expect(existsSync(join(lab.vmDir, 'lane-2'))).toBe(false);
  });

  test('one whose client VM is killed gives its testcases to the other: all run, and nothing is left', async () => {
    const run = startCli(['--ci', `--testcase=${testcases}`, '--lanes=2', ...lab.flags]);
    await run.waitFor('[2] PASS ');
    const victim = (await events()).find(({ type, lane }) => type === 'vm.started' && lane === 1)?.pid;
    expect(victim).toBeGreaterThan(0);
    process.kill(Number(victim), 'SIGKILL');
    const { exitCode, stdout } = await run.finished;
    expect(stdout).toMatch(/warning: lane 2 lost its client VM \(.*SIGKILL.*\); its testcases \(.+\) run on the others/);
    expect(await results()).toHaveLength(count);
    expect((await results()).filter(({ verdict }) => verdict !== 'passed')).toEqual([]);
    expect(exitCode).toBe(0);
    expect(await lab.leftovers()).toEqual([]);
    expect(existsSync(join(lab.vmDir, 'lane-2'))).toBe(false);
  });

  test('kept ones are each seen, read and entered by their number', async () => {
    const { exitCode } = await runCli(['--ci', '--testcase=chdir,close', '--lanes=2', '--keep', '--quiet', ...lab.flags]);
    expect(exitCode).toBe(0);
    const status = await runCli(['status', '--json', ...lab.flags]);
    expect(status.exitCode).toBe(0);
    const { lanes } = JSON.parse(status.stdout) as { readonly lanes: readonly { readonly lane: number; readonly vm: { readonly sshPort: number } }[] };
    expect(lanes.map(({ lane }) => lane)).toEqual([1, 2]);
    expect(lanes[0]?.vm.sshPort).not.toBe(lanes[1]?.vm.sshPort);
    const [first, second] = [await runCli(['shell', 'hostname', ...lab.flags]), await runCli(['shell', '--lane=2', 'hostname', ...lab.flags])];
    expect([first.stdout.trim(), second.stdout.trim()]).toEqual(['nfstest-vm', 'nfstest-vm-2']);
    expect((await runCli(['logs', 'vm', '--lane=2', ...lab.flags])).stdout).toContain('nfstest-vm-2 goes on');
    expect((await runCli(['logs', 'server', '--lane=2', ...lab.flags])).stdout.length).toBeGreaterThan(50);
    expect((await runCli(['logs', 'server', '--lane=3', ...lab.flags])).exitCode).toBe(3);
    expect((await runCli(['stop-env', ...lab.flags])).exitCode).toBe(0);
    expect(await lab.leftovers()).toEqual([]);
  });
});
