import { spawn, spawnSync } from 'node:child_process';
import { openRun } from '../../src/commands/open-run.ts';
import { readDefaults } from '../../src/config/defaults-file.ts';
import { resolveOptions } from '../../src/config/options.ts';
import { sshArguments, vmFiles } from '../../src/config/vm-files.ts';
import { TestTerminal } from '../ui/terminal.ts';
import { cli, diskBytes, lastEvent, median, nfstestTui, runsDir, settings, vmDir } from './lab.ts';

/** One figure: what was measured, and how often. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly values: readonly number[];
}

const figure = (values: readonly number[]): Figure => ({ median: median(values), min: Math.min(...values), max: Math.max(...values), values });

/** Of what was measured in the same turns: a host's other guests make equal runs a quarter of an hour apart differ by a third, those of one turn by less. */
export const medianRatio = (one: Figure, other: Figure): number => median(one.values.map((value, turn) => value / (other.values[turn] ?? Number.NaN)));

/** Runs a measurement several times, one after the other. */
export async function repeat(count: number, measure: () => Promise<number>): Promise<Figure> {
  const values: number[] = [];
  for (let round = 0; round < count; round++) values.push(await measure());
  return figure(values);
}

export const stop = () => nfstestTui(['stop-env']);

/** From the command to its end, which is when server and client VM are ready and answer. */
export async function startMs(...flags: string[]): Promise<number> {
  const { tookMs } = await nfstestTui(['start-env', ...flags]);
  await stop();
  return tookMs;
}

/** From the command to the first testcase's line. */
export async function firstTestcaseMs(): Promise<number> {
  const { sawAtMs } = await nfstestTui(['--ci', '--testcase=readlink'], "TEST: Running test 'readlink'");
  if (sawAtMs === null) throw new Error('no testcase began');
  return sawAtMs;
}

export interface WholeSuite {
  /** From the command to its end. */
  readonly tookMs: number;
  readonly peakBytes: number;
}

export async function allTestcases(lanes: number, testcases = 'all'): Promise<WholeSuite> {
  const { tookMs, peakBytes } = await nfstestTui(['--ci', `--testcase=${testcases}`, '--quiet', `--lanes=${lanes}`]);
  return { tookMs, peakBytes };
}

/** All testcases in one lane and in two, in turns. */
export async function lanesInTurns(rounds: number): Promise<{ readonly oneLane: Figure; readonly twoLanes: Figure; readonly peakBytes: Figure }> {
  const one: WholeSuite[] = [];
  const two: WholeSuite[] = [];
  for (let round = 0; round < rounds; round++) {
    one.push(await allTestcases(1));
    two.push(await allTestcases(2));
  }
  const took = (runs: readonly WholeSuite[]) => figure(runs.map(({ tookMs }) => tookMs));
  return { oneLane: took(one), twoLanes: took(two), peakBytes: figure([...one, ...two].map(({ peakBytes }) => peakBytes)) };
}

/** What a start writes before anything runs, in the VM's folder and the run's. */
export async function newDiskBytes(): Promise<number> {
  const all = async () => (await diskBytes(vmDir)) + (await diskBytes(runsDir));
  const before = await all();
  await nfstestTui(['start-env']);
  const after = await all();
  await stop();
  return after - before;
}

/**
 * The whole suite in an environment that runs: through the program, by hand over ssh, and by hand kept on one processor as the program does
 * where the client is emulated; in turns whose order changes, because machines have moods.
 */
export async function overhead(rounds: number): Promise<{ readonly throughMs: Figure; readonly byHandMs: Figure; readonly byHandPinnedMs: Figure }> {
  await nfstestTui(['start-env']);
  try {
    // The first run of all finds nothing in the guest's caches; it also tells the command that a person would type.
    await nfstestTui(['test', '--testcase=all', '--quiet']);
    const { command } = await lastEvent<{ command: string }>('suite.started');
    const pin = command.includes(' --one-processor ') ? 'taskset -c $(($(nproc --all) - 1)) ' : '';
    const ways = [
      { took: [] as number[], run: async () => (await nfstestTui(['test', '--testcase=all', '--quiet'])).tookMs },
      { took: [] as number[], run: () => suiteByHand(command) },
      { took: [] as number[], run: () => suiteByHand(command, pin) },
    ] as const;
    for (let turn = 0; turn < rounds; turn++) {
      for (const index of ways.keys()) {
        const way = ways[(turn + index) % ways.length];
        way?.took.push(await way.run());
      }
    }
    const [through, byHand, byHandPinned] = ways;
    return { throughMs: figure(through.took), byHandMs: figure(byHand.took), byHandPinnedMs: figure(byHandPinned.took) };
  } finally {
    await stop();
  }
}

/** As a person would start it, without our runner: the suite's program with the same arguments. */
function suiteByHand(command: string, pin = ''): Promise<number> {
  const root = /--suite-root (\S+)/.exec(command)?.[1];
  const script = /--script (\S+)/.exec(command)?.[1];
  const args = command.split(' -- ')[1];
  if (!root || !script || !args) throw new Error(`the suite's command has changed: ${command}`);
  const guest = `cd /tmp && PYTHONPATH=${root} PATH=$PATH:/usr/sbin:/sbin ${pin}python3 -u ${root}/${script} ${args}`;
  const began = performance.now();
  const words = [...sshArguments(vmFiles({ vmDir }), Number(settings.SSH_PORT), true), guest];
  return new Promise((done, fail) => {
    const child = spawn('ssh', words, { stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', fail);
    child.on('close', (exitCode) => (exitCode === 0 ? done(performance.now() - began) : fail(new Error(`the suite by hand ended with ${exitCode}`))));
  });
}

/** Rounds of a session: the server is restarted, one short testcase runs again. The testcase's own time is given too. */
export async function innerLoop(rounds: number): Promise<{ readonly roundMs: Figure; readonly testcaseMs: Figure }> {
  const options = resolveOptions({ flags: {}, environment: settings, defaults: readDefaults(), cwd: process.cwd() });
  const run = await openRun({
    ...{ options, goal: 'session', parts: { server: true, vm: true }, attach: false, keep: () => false, reporters: () => [] },
  });
  let idle = Promise.withResolvers<void>();
  run.onIdle(() => idle.resolve());
  const untilIdle = async (act: () => unknown) => {
    idle = Promise.withResolvers();
    await act();
    await Promise.race([idle.promise, run.ended.then(({ reason }) => Promise.reject(new Error(`the session ended: ${reason}`)))]);
  };
  const testcases: number[] = [];
  run.recorder.subscribe((event) => {
    if (event.type === 'testcase.finished') testcases.push(event.durationMs ?? 0);
  });
  try {
    await untilIdle(() => run.start());
    const roundMs = await repeat(rounds, async () => {
      const began = performance.now();
      await untilIdle(() => run.send({ type: 'server.restart' }));
      await untilIdle(() => run.test(['readlink']));
      return performance.now() - began;
    });
    if (testcases.length !== rounds) throw new Error(`${testcases.length} of ${rounds} testcases ran`);
    return { roundMs, testcaseMs: figure(testcases) };
  } finally {
    run.send({ type: 'run.stop', outcome: { exitCode: 0, reason: 'measured', hint: null, log: null } });
    await run.ended;
  }
}

export async function helpMs(): Promise<number> {
  const began = performance.now();
  spawnSync(process.execPath, [cli, '--help'], { stdio: 'ignore' });
  return performance.now() - began;
}

export async function firstFrameMs(): Promise<number> {
  const terminal = new TestTerminal([process.execPath, cli, 'replay', 'test/fixtures/runs/full']);
  const tookMs = await terminal.until((text) => text.includes('1 Testcases'));
  terminal.write('q');
  await terminal.exited;
  return tookMs;
}
