import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveEngine } from '../src/host/engine-socket.ts';
import { DockerEngineService } from '../src/services/docker.ts';
import { root, runCli, startCli } from './support/cli.ts';
import { openEngineElsewhere } from './support/engine-elsewhere.ts';
import { type Lab, openLab, trouble } from './support/lab.ts';

const exec = promisify(execFile);

interface Status {
  readonly server: { readonly container: string; readonly state: string; readonly answers: boolean } | null;
  readonly vm: { readonly pid: number; readonly state: string } | null;
}

describe.skipIf(trouble)('an environment across processes', () => {
  let lab: Lab;
  const status = async () => {
    const { exitCode, stdout } = await runCli(['status', '--json', ...lab.flags]);
    return { exitCode, status: JSON.parse(stdout) as Status };
  };
  // As a user does it: through make, with settings on its command line.
  const start = async () => {
    const { stdout } = await exec('make', ['start-test-env', ...lab.makeSettings], { cwd: root, maxBuffer: 10_000_000 });
    expect(stdout).toMatch(/start client VM … .* s \(/);
  };

  beforeAll(async () => {
    lab = await openLab();
    await start();
  });
  afterAll(async () => {
    await runCli(['stop-env', ...lab.flags]);
  });

  test('status sees server and VM', async () => {
    const { exitCode, status: seen } = await status();
    expect(seen).toMatchObject({ server: { state: 'running', answers: true }, vm: { state: 'running' } });
    expect(exitCode).toBe(0);
  });

  test('tests run in it, again and again, and leave it running', async () => {
    for (const name of ['read', 'mkdir']) {
      const { exitCode, stdout } = await runCli(['test', `--testcase=${name}`, ...lab.flags]);
      expect(stdout).toMatch(new RegExp(`^PASS +${name} `, 'm'));
      // Its port could be opened.
      expect(stdout).not.toContain('over SSH');
      expect(exitCode).toBe(0);
    }
    expect((await status()).exitCode).toBe(0);
  });

  test('the client reaches the server by the container’s address, and through its port where the engine is elsewhere', async () => {
    const suiteRun = async (env: Record<string, string>) => {
      const { exitCode } = await runCli(['test', '--testcase=mkdir', ...lab.flags], { env });
      expect(exitCode).toBe(0);
      const events = await lab.events();
      const calls = events.flatMap(({ type, totals }) => (type === 'testcase.traffic' ? [(totals as { calls: number }).calls] : []));
      // The capture was read for the right port.
      expect(calls).toEqual([expect.any(Number)]);
      expect(calls[0]).toBeGreaterThan(500);
      const command = String(events.find(({ type }) => type === 'suite.started')?.command);
      const isEmulated = events.find(({ type }) => type === 'vm.started')?.accelerator === 'tcg';
      expect(command.includes(' --one-processor ')).toBe(isEmulated);
      return command;
    };
    const elsewhere = await openEngineElsewhere();
    try {
      expect(await suiteRun({ DOCKER_HOST: elsewhere.host })).toContain(`--host 10.0.2.2 --port ${lab.nfsPort} --mount-port `);
    } finally {
      await elsewhere.close();
    }
    const isBridged = existsSync('/sys/class/net/docker0');
    expect(await suiteRun({})).toMatch(isBridged ? /--host (?!10\.0\.2\.2 )[\d.]+ --port 4000 --mount-port 4001 / : /--host 10\.0\.2\.2 /);
  });

  test.each<[string, 'SIGINT' | 'SIGKILL' | null, number | null]>([
    ['a run that is interrupted', 'SIGINT', 130],
    ['a program that is killed', 'SIGKILL', null],
    ['a runner that is killed in the guest', null, 1],
  ])('%s leaves nothing that the next run would take for its own', async (_, signal, expected) => {
    const first = startCli(['test', '--testcase=all', ...lab.flags]);
    await first.waitFor('PASS ');
    if (signal === null) await runCli(['shell', 'pkill -KILL -f "[r]unner.py"', ...lab.flags]);
    else first.child.kill(signal);
    expect((await first.finished).exitCode).toBe(expected);
    const { exitCode, stdout } = await runCli(['test', '--testcase=mkdir', ...lab.flags]);
    expect(stdout.match(/^ {2}\| .*PASS: (?!mkdir ).*/gm)).toBeNull();
    expect(stdout).toMatch(/^PASS +mkdir +38\/38 /m);
    expect(stdout).not.toContain('over SSH');
    expect(exitCode).toBe(0);
  });

  test('a second environment in the same folder is refused', async () => {
    const { exitCode, stderr } = await runCli(['start-env', ...lab.flags]);
    expect(stderr).toMatch(/already has a running server and client VM/);
    expect(exitCode).toBe(3);
    expect((await status()).exitCode).toBe(0);
  });

  test('two runs at once: the second is refused and names the first', async () => {
    const first = startCli(['test', '--testcase=open', ...lab.flags]);
    await first.waitFor('run testcases');
    const { exitCode, stderr } = await runCli(['test', '--testcase=read', ...lab.flags]);
    expect(stderr).toMatch(new RegExp(`another run is active here: process ${first.child.pid}`));
    expect(exitCode).toBe(3);
    expect((await first.finished).exitCode).toBe(0);
  });

  test('shell runs a command in the guest with its exit code; logs prints both logs', async () => {
    const shell = await runCli(['shell', 'uname -s; exit 7', ...lab.flags]);
    expect(shell.exitCode).toBe(7);
    expect((await runCli(['logs', 'vm', ...lab.flags])).stdout).toMatch(/NFSTEST_VM_READY|goes on from its saved state/);
    expect((await runCli(['logs', 'server', ...lab.flags])).stdout.length).toBeGreaterThan(50);
  });

  test('a server that dies in the middle: exit 4, with its last words', async () => {
    const run = startCli(['test', '--testcase=all', ...lab.flags]);
    await run.waitFor('PASS ');
    const { status: seen } = await status();
    const { engine } = await resolveEngine();
    const service = new DockerEngineService(engine?.host ?? '');
    const container = await service.attachContainer(seen.server?.container ?? '');
    await container?.remove({ graceMs: 0 });
    const { exitCode, stdout } = await run.finished;
    expect(stdout).toMatch(/NFS Test FAILED: the server died/);
    expect(exitCode).toBe(4);
    expect((await status()).exitCode).toBe(3);
  });

  test('a VM that dies in the middle: exit 5', async () => {
    // The VM outlived its server; a new environment begins with neither.
    await runCli(['stop-env', ...lab.flags]);
    await start();
    const run = startCli(['test', '--testcase=all', ...lab.flags]);
    await run.waitFor('PASS ');
    const { status: seen } = await status();
    process.kill(seen.vm?.pid ?? 0, 'SIGKILL');
    const { exitCode, stdout } = await run.finished;
    expect(stdout).toMatch(/NFS Test FAILED: .*client VM/);
    expect(exitCode).toBe(5);
  });

  test('stop-env leaves nothing; a second one has nothing to do', async () => {
    await runCli(['stop-env', ...lab.flags]);
    expect(await lab.leftovers()).toEqual([]);
    expect((await status()).exitCode).toBe(3);
    const again = await runCli(['stop-env', ...lab.flags]);
    expect(again).toMatchObject({ exitCode: 0, stdout: 'nothing was running\n' });
    const without = await runCli(['test', '--testcase=read', ...lab.flags]);
    expect(without.stderr).toMatch(/no test environment is running\n.*start-env/);
    expect(without.exitCode).toBe(3);
    expect(existsSync(join(lab.vmDir, 'id_ed25519'))).toBe(true);
    expect(await readFile(join(lab.vmDir, 'vm.log'), 'utf8')).toMatch(/NFSTEST_VM_READY|goes on from its saved state/);
  });
});
