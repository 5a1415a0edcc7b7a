import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { vmFiles } from '../../src/config/vm-files.ts';
import { EngineProxy } from './engine-proxy.ts';
import type { FaultLab, Program } from './lab.ts';
import { hostileServer, slowBuild } from './recipes.ts';
import type { Fault } from './types.ts';

/** The engine keeps its connections and answers nothing from a moment on; what it could not take away goes later. */
const silenced =
  (flags: readonly string[], moment: (lab: FaultLab, program: Program) => Promise<unknown>): Fault['inflict'] =>
  async (lab) => {
    const proxy = await EngineProxy.open(lab);
    const program = lab.run(flags, proxy.env);
    await moment(lab, program);
    lab.strike();
    proxy.silence();
    const finished = await program.finished;
    await lab.must('clean', '--orphans');
    return finished;
  };

/** What can happen to the container engine. The machine's own goes on: the program talks to it through a socket that is cut. */
export const engineFaults: readonly Fault[] = [
  {
    name: 'engine-absent',
    about: 'DOCKER_HOST names a socket that is not there: no environment',
    speed: 'quick',
    expected: { exitCode: 3, says: [/no such socket/], withinS: 10 },
    inflict: async (lab) => {
      const program = lab.run([], { DOCKER_HOST: 'unix:///nonexistent/engine.sock' });
      lab.strike();
      return program.finished;
    },
  },
  {
    name: 'engine-mute',
    about: 'the engine accepts connections and never answers: no environment',
    speed: 'slow',
    expected: { exitCode: 3, says: [/no answer within/], withinS: 20 },
    inflict: async (lab) => {
      const proxy = await EngineProxy.open(lab, { mute: true });
      const program = lab.run([], proxy.env);
      lab.strike();
      return program.finished;
    },
  },
  {
    name: 'engine-gone',
    about: 'the engine goes away while testcases run: the environment is lost, and `clean --orphans` takes away the container later',
    speed: 'slow',
    expected: { exitCode: 3, says: [/engine went away during the run/, /container ganesha-server\S* could not be removed/, /stop-env/], withinS: 14 },
    inflict: async (lab) => {
      const proxy = await EngineProxy.open(lab);
      const program = lab.run(['--testcase=all'], proxy.env);
      await lab.untilTesting(program);
      lab.strike();
      await proxy.close();
      const struckAt = Date.now();
      const finished = await program.finished;
      const events = await lab.events();
      // The verdict takes its time, so that a restart is survived; that something is wrong is said at once.
      const told = events.find(({ message }) => /broke off its connections and does not answer; it counts as gone after 10 s/.test(String(message)));
      if (told === undefined || Date.parse(String(told.time)) - struckAt > 1_500) throw new Error('it is not told at once');
      if (events.filter(({ type }) => type === 'engine.lost').length !== 1) throw new Error('engine.lost is not told once');
      const record = JSON.parse(await readFile(vmFiles({ vmDir: lab.vmDir }).environment, 'utf8'));
      if (!record.server?.containerName.startsWith('ganesha-server') || record.vm !== null) throw new Error(`env.json: ${JSON.stringify(record)}`);
      await lab.must('clean', '--orphans');
      return finished;
    },
  },
  {
    name: 'engine-hangs',
    about:
      'the engine keeps its connections and answers nothing while testcases run: the environment is lost, and `clean --orphans` takes away the container later',
    speed: 'slow',
    expected: { exitCode: 3, says: [/engine went away during the run: it has not answered/, /container ganesha-server\S* could not be removed/], withinS: 18 },
    inflict: silenced(['--testcase=all', '--engine-timeout=10s'], (lab, program) => lab.untilTesting(program)),
  },
  {
    name: 'engine-hangs-in-build',
    about: 'the engine answers nothing any more while it builds an image: the build is cut off',
    speed: 'slow',
    expected: { exitCode: 3, says: [/the container engine has not answered for \d+ s \(\d pings\)/], withinS: 15 },
    inflict: async (lab) => {
      const proxy = await EngineProxy.open(lab);
      const program = lab.run(['--engine-timeout=5s', ...(await slowBuild(lab))], proxy.env);
      await lab.until(program, 'progress.reported', { phase: 'server-image' });
      lab.strike();
      proxy.silence();
      const finished = await program.finished;
      // The engine sees only now that nobody waits for its build.
      await proxy.close();
      return finished;
    },
  },
  {
    name: 'engine-silent',
    about: 'the engine stops answering while testcases run: the run ends all the same, and `clean --orphans` takes away the container later',
    speed: 'slow',
    expected: { exitCode: 3, says: [/container ganesha-server\S* could not be removed: no answer within 32 s/], withinS: 50 },
    inflict: silenced(['--testcase=read', '--timeout=40s'], (lab, program) => lab.until(program, 'suite.started')),
  },
  {
    name: 'engine-blip',
    about: 'every connection to the engine breaks while testcases run, and the engine is there again: the server lives, and the run passes',
    speed: 'slow',
    expected: { exitCode: 0, says: [/NFS Test PASSED/, /the container engine was away for 0\.\d s and is back/], withinS: 120 },
    inflict: async (lab) => {
      const proxy = await EngineProxy.open(lab);
      const program = lab.run(['--testcase=read,write,open,rename', '--timeout=90s'], proxy.env);
      await lab.untilTesting(program);
      lab.strike();
      proxy.cut();
      return program.finished;
    },
  },
  {
    name: 'engine-restart',
    about: 'the engine is away for three seconds while testcases run: the server lives, its log has every line once, and the run passes',
    speed: 'slow',
    expected: { exitCode: 0, says: [/NFS Test PASSED/, /the container engine was away for \d\.\d s and is back/], withinS: 120 },
    inflict: async (lab) => {
      const proxy = await EngineProxy.open(lab);
      const program = lab.run(['--testcase=read,write,open,rename,mkdir,link', '--timeout=90s', ...(await hostileServer(lab, 'counts'))], proxy.env);
      await lab.untilTesting(program);
      lab.strike();
      const before = (await countsOf(lab)).length;
      await proxy.close();
      await sleep(3_000);
      await proxy.listen();
      const finished = await program.finished;
      await checkCounts(lab, before);
      const events = await lab.events();
      const back = events.findIndex(({ message }) => /is back$/.test(String(message)));
      if (!events.slice(back).some(({ type }) => type === 'server.sampled')) throw new Error('nothing is heard of the container after the cut');
      return finished;
    },
  },
];

/** The numbers that a server of mode `counts` has printed, as server.log has them. */
async function countsOf(lab: FaultLab): Promise<readonly number[]> {
  const text = await readFile(join(lab.runsDir, 'latest', 'server.log'), 'utf8');
  return [...text.matchAll(/^hostile: (\d+)$/gm)].map((match) => Number(match[1]));
}

/** Throws where a line is missing or doubled, or few came after the first `before`. */
async function checkCounts(lab: FaultLab, before: number): Promise<void> {
  const counts = await countsOf(lab);
  const unique = new Set(counts);
  if (counts.length < before + 200) throw new Error(`server.log has only ${counts.length - before} lines from after the cut`);
  if (unique.size !== counts.length) throw new Error(`${counts.length - unique.size} lines of server.log are doubled`);
  // The last ones may be on their way on one of the two streams.
  const missing = Array.from({ length: Math.max(...counts) - 4 }, (_, index) => index + 1).filter((count) => !unique.has(count));
  if (missing.length > 0) throw new Error(`server.log lacks ${missing.length} lines, from ${missing[0]}`);
}
