import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program as cli, type Finished, root } from '../support/cli.ts';
import { brokenServer } from './recipes.ts';
import { booting, building, type PhaseOfRun, stopping, testing } from './signal-faults.ts';
import type { Fault } from './types.ts';

/** Throws out of nowhere when SIGUSR2 comes, as a bug would. */
const bug = "--import=data:text/javascript,process.on('SIGUSR2',()=>{setImmediate(()=>{throw%20new%20Error('an%20injected%20bug')})})";

const killed = (phase: PhaseOfRun): Fault => ({
  name: `kill-9-in-${phase.name}`,
  about: `the program is killed ${phase.title}: \`clean --orphans\` takes away what it left`,
  speed: 'slow',
  expected: { exitCode: 0, says: [], withinS: 30 },
  inflict: async (lab) => {
    const program = await phase.reach(lab);
    lab.strike();
    program.child.kill('SIGKILL');
    await program.finished;
    return lab.command(['clean', '--orphans', ...lab.flags]).finished;
  },
});

/** Waits until something holds; throws where the program ends first. */
async function waitFor(holds: () => boolean | Promise<boolean>, finished: Promise<Finished>): Promise<void> {
  let end: Finished | null = null;
  void finished.then((found) => {
    end = found;
  });
  while (!(await holds())) {
    if (end !== null) throw new Error(`the program ended first: ${JSON.stringify(end)}`);
    await sleep(20);
  }
}

/** What can happen to the program itself. */
export const programFaults: readonly Fault[] = [
  ...[building, booting, testing, stopping].map(killed),
  {
    name: 'kill-9-then-next-run',
    about: 'the program is killed while testcases run: the next run stops what it left, and passes',
    speed: 'quick',
    expected: { exitCode: 0, says: [/stopped what an earlier run left: .*client VM/, /NFS Test PASSED/], withinS: 60 },
    inflict: async (lab) => {
      const program = await testing.reach(lab);
      lab.strike();
      program.child.kill('SIGKILL');
      await program.finished;
      return lab.run().finished;
    },
  },
  {
    name: 'kill-9-with-lanes',
    about: 'a run with two lanes is killed: `clean --orphans` takes away both',
    speed: 'slow',
    expected: { exitCode: 0, says: [/container .*container/, /client VM .*client VM/], withinS: 30 },
    inflict: async (lab) => {
      const program = lab.run(['--testcase=all', '--lanes=2', '--memory=256M']);
      await lab.untilTesting(program);
      lab.strike();
      program.child.kill('SIGKILL');
      await program.finished;
      return lab.command(['clean', '--orphans', ...lab.flags]).finished;
    },
  },
  {
    name: 'two-instances',
    about: 'two runs at once in one checkout, one with --instance: both pass',
    speed: 'slow',
    expected: { exitCode: 0, says: [/NFS Test PASSED/, /ganesha-server-two/], withinS: 120 },
    inflict: async (lab) => {
      lab.strike();
      const [first, second] = await Promise.all([lab.run().finished, lab.run(['--instance=two', ...lab.anyPorts]).finished]);
      if (first.exitCode !== 0) throw new Error(`the one without a name ended with ${first.exitCode}:\n${first.stdout.slice(-800)}`);
      return second;
    },
  },
  {
    name: 'kill-9-instance-and-triage',
    about: 'a triage of an instance is killed: `clean --orphans` without the instance’s name takes away what both left',
    speed: 'slow',
    expected: { exitCode: 0, says: [/stopped .*client VM.*container/], withinS: 30 },
    inflict: async (lab) => {
      const flags = ['--instance=two', ...lab.anyPorts, '--triage=always', ...(await brokenServer(lab))];
      const program = lab.run(['--testcase=rename', ...flags]);
      await waitFor(() => program.output().includes('triage: rename'), program.finished);
      // The triage's server and VM are both there when it captures.
      await waitFor(async () => (await lab.leftovers()).some((left) => /^file .*\/triage\/.*capture-/.test(left)), program.finished);
      lab.strike();
      program.child.kill('SIGKILL');
      await program.finished;
      return lab.command(['clean', '--orphans', ...lab.flags]).finished;
    },
  },
  {
    name: 'orphans-of-nothing',
    about: '`clean --orphans` beside an environment that is kept on purpose: it stays',
    speed: 'slow',
    expected: { exitCode: 0, says: [/nothing/], withinS: 20 },
    inflict: async (lab) => {
      await lab.must('start-env');
      lab.strike();
      const finished = await lab.command(['clean', '--orphans', ...lab.flags]).finished;
      await lab.must('status');
      await lab.must('stop-env');
      return finished;
    },
  },
  {
    name: 'kill-9-beside-kept-server',
    about: '`start-client` is killed while its VM boots, beside a server that is kept: `clean --orphans` stops the VM alone, the next `start-client` works',
    speed: 'slow',
    expected: { exitCode: 0, says: [/^stopped client VM \(pid \d+\)$/m], withinS: 30 },
    inflict: async (lab) => {
      await lab.must('start-server');
      const program = lab.command(['start-client', '--cold', ...lab.flags]);
      await lab.until(program, 'vm.started');
      lab.strike();
      program.child.kill('SIGKILL');
      await program.finished;
      const finished = await lab.command(['clean', '--orphans', ...lab.flags]).finished;
      const state = async () => (await (await lab.container()).inspect()).State.Status;
      if ((await state()) !== 'running') throw new Error(`the kept server is ${await state()}`);
      const { stdout } = await lab.must('clean', '--orphans');
      if (!stdout.includes('nothing was left behind')) throw new Error(`a second clean stopped something: ${stdout}`);
      await lab.must('start-client');
      await lab.must('test', '--testcase=read', '--triage=never');
      await lab.must('stop-env');
      return finished;
    },
  },
  {
    name: 'exception-in-program',
    about: 'an exception that nobody catches while testcases run: it is shown, everything is stopped, and the exit code is 3',
    speed: 'slow',
    expected: { exitCode: 3, says: [/a bug/, /an injected bug/], withinS: 20 },
    inflict: async (lab) => {
      const program = lab.run(['--testcase=all'], { NODE_OPTIONS: bug });
      await lab.untilTesting(program);
      lab.strike();
      program.child.kill('SIGUSR2');
      return program.finished;
    },
  },
  {
    name: 'sigint-twice',
    about: 'Ctrl+C twice: what is stopped is not waited for, and nothing is left',
    speed: 'slow',
    expected: { exitCode: 130, says: [/interrupted by SIGINT/], withinS: 10 },
    inflict: async (lab) => {
      const program = await testing.reach(lab);
      lab.strike();
      program.child.kill('SIGINT');
      await sleep(50);
      program.child.kill('SIGINT');
      return program.finished;
    },
  },
  {
    name: 'stdout-closed',
    about: 'who reads the output goes away (`| head`): the run goes on to its end',
    speed: 'slow',
    expected: { exitCode: 0, says: [], withinS: 60 },
    inflict: async (lab) => {
      const program = lab.run(['--testcase=open,read,write']);
      await lab.until(program, 'suite.started');
      lab.strike();
      program.child.stdout?.destroy();
      return program.finished;
    },
  },
  {
    name: 'terminal-closed',
    about: 'the terminal of a run is closed: everything is stopped, and the exit code says so',
    speed: 'slow',
    expected: { exitCode: 129, says: [], withinS: 20 },
    inflict: async (lab) => {
      const args = ['--ci', '--triage=never', '--testcase=all', ...lab.flags];
      const child = spawn('python3', [join(root, 'test/ui/pty.py'), '100', '30', process.execPath, cli, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
      let stdout = '';
      child.stdout.on('data', (chunk) => {
        stdout += chunk;
      });
      const finished = new Promise<Finished>((resolve) => child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr: '' })));
      const program = lab.adopt({ child, finished, output: () => stdout, waitFor: async () => {} });
      await lab.untilTesting(program);
      lab.strike();
      child.stdin.write(`${JSON.stringify({ hangup: true })}\n`);
      return finished;
    },
  },
];
