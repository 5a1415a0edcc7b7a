import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { vmFiles } from '../../src/config/vm-files.ts';
import { notRunCountOf, onlyCleanText } from './checks.ts';
import type { FaultLab } from './lab.ts';
import type { Fault } from './types.ts';

/** Harm that is done while all testcases run. */
const whileTesting =
  (harm: (lab: FaultLab) => Promise<unknown>, { settles = true }: { settles?: boolean } = {}): Fault['inflict'] =>
  async (lab) => {
    // Longer than any of these faults may take: the end of the testcases' time is not what they are about.
    const program = lab.run(['--testcase=all', '--timeout=120s']);
    await lab.untilTesting(program);
    lab.strike();
    const harmed = harm(lab);
    // Where the harm takes away the connection that did it, there is no answer.
    if (settles) await harmed;
    else harmed.catch(() => {});
    const finished = await program.finished;
    await notRunCountOf(lab);
    return finished;
  };

/** In the background of the guest, so that the answer comes before the harm. */
const later = (command: string) => `(sleep 1; ${command}) </dev/null >/dev/null 2>&1 &`;

const consoleOf = ({ vmDir }: FaultLab): string => vmFiles({ vmDir }).consoleLog;

/** A command that prints on the guest's console as fast as it can. */
const flood = (seconds: number) => `sudo sh -c '(timeout ${seconds} yes flood >/dev/ttyS0) </dev/null >/dev/null 2>&1 &'`;

async function sizeWithin(path: string, { atLeast, atMost }: { readonly atLeast: number; readonly atMost: number }): Promise<void> {
  const { size } = await stat(path);
  if (size < atLeast || size > atMost) throw new Error(`${path} has ${size} bytes`);
}

/** The most bytes that a file has until then. */
async function watchSize(path: string, until: Promise<unknown>): Promise<number> {
  const over = until.then(() => true);
  let longest = 0;
  do longest = Math.max(longest, (await stat(path)).size);
  while (!(await Promise.race([over, sleep(20, false)])));
  return longest;
}

/** What can happen to the client VM. */
export const vmFaults: readonly Fault[] = [
  {
    name: 'qemu-killed',
    about: 'QEMU is killed while testcases run: the client is lost',
    speed: 'quick',
    expected: { exitCode: 5, says: [/the client VM ended by itself \(SIGKILL\)/, /not run/], withinS: 15 },
    inflict: whileTesting(async (lab) => process.kill(await lab.qemuPid(), 'SIGKILL')),
  },
  {
    name: 'qemu-killed-while-booting',
    about: 'QEMU is killed while the guest boots: no environment',
    speed: 'quick',
    expected: { exitCode: [3, 5], says: [/the client VM ended/], withinS: 15 },
    inflict: async (lab) => {
      const program = lab.run(['--cold']);
      await lab.until(program, 'vm.started');
      lab.strike();
      process.kill(await lab.qemuPid(), 'SIGKILL');
      return program.finished;
    },
  },
  {
    name: 'qemu-paused',
    about: 'the guest is paused over QMP: the client is lost',
    speed: 'slow',
    expected: { exitCode: 5, says: [/the connection to the client VM was lost, and QEMU says: paused/, /not run/], withinS: 60 },
    inflict: whileTesting((lab) => lab.monitor('stop')),
  },
  {
    name: 'qemu-stopped',
    about: 'the QEMU process is stopped by SIGSTOP and answers nothing, its monitor neither: the client is lost',
    speed: 'slow',
    expected: { exitCode: 5, says: [/the connection to the client VM was lost, and QEMU/, /not run/], withinS: 75 },
    inflict: whileTesting(async (lab) => process.kill(await lab.qemuPid(), 'SIGSTOP')),
  },
  {
    name: 'guest-panic',
    about: 'the guest’s kernel panics (sysrq c): the client is lost, and the panic is named',
    speed: 'slow',
    expected: { exitCode: 5, says: [/the client’s kernel panicked/, /not run/], withinS: 60 },
    inflict: whileTesting((lab) => lab.guest('echo c | sudo tee /proc/sysrq-trigger'), { settles: false }),
  },
  {
    name: 'guest-powered-off',
    about: 'the guest switches itself off: the client is lost',
    speed: 'slow',
    expected: { exitCode: 5, says: [/the client VM ended by itself/, /not run/], withinS: 30 },
    inflict: whileTesting((lab) => lab.guest('sudo poweroff -f -f'), { settles: false }),
  },
  {
    name: 'sshd-killed',
    about: 'the guest’s SSH server is killed with its sessions: the connection, and the client, are lost',
    speed: 'quick',
    expected: { exitCode: 5, says: [/the connection to the client VM was lost/, /not run/], withinS: 30 },
    inflict: whileTesting((lab) => lab.guest('sudo pkill -9 sshd'), { settles: false }),
  },
  {
    name: 'guest-network-down',
    about: 'the guest’s network goes down without a word: the client is lost',
    speed: 'slow',
    expected: { exitCode: 5, says: [/the connection to the client VM was lost, and QEMU still runs/, /not run/], withinS: 75 },
    inflict: whileTesting((lab) => lab.guest(`dev=$(ip -o route show default | sed 's/.* dev \\([^ ]*\\).*/\\1/'); ${later('sudo ip link set "$dev" down')}`)),
  },
  {
    name: 'suite-killed',
    about: 'the suite is killed in the guest: what has not run is no pass',
    speed: 'slow',
    expected: { exitCode: 1, says: [/suite was killed by SIGKILL/, /not run/], withinS: 15 },
    inflict: whileTesting((lab) => lab.guest("sudo pkill -9 -f '[p]ython3 .*-u [^ ]*/suite/test/nfstest_posix'")),
  },
  {
    name: 'runner-killed',
    about: 'the program that runs the suite in the guest is killed: what has not run is no pass',
    speed: 'slow',
    expected: { exitCode: 1, says: [/not run/], withinS: 15 },
    inflict: whileTesting((lab) => lab.guest("sudo pkill -9 -f '[p]ython3 .*-u [^ ]*/runner.py'")),
  },
  {
    name: 'guest-clock-jump',
    about: 'the guest’s clock jumps forward by two hours: nothing happens',
    speed: 'slow',
    expected: { exitCode: 0, says: [/NFS Test PASSED/], withinS: 120 },
    inflict: async (lab) => {
      const program = lab.run(['--testcase=read,write,open,rename', '--timeout=100s']);
      await lab.untilTesting(program);
      lab.strike();
      await lab.guest("sudo date -s '+2 hours'");
      return program.finished;
    },
  },
  {
    name: 'console-garbage',
    about: 'noise and terminal commands on the guest’s console: nothing happens, and nothing of it reaches the terminal',
    speed: 'slow',
    expected: { exitCode: 0, says: [/NFS Test PASSED/], withinS: 120 },
    inflict: async (lab) => {
      const program = lab.run(['--testcase=read,write,open,rename', '--timeout=100s']);
      await lab.untilTesting(program);
      lab.strike();
      await lab.guest(`sudo sh -c 'head -c 300000 /dev/urandom >/dev/ttyS0; printf "\\033[2J\\033]52;c;aGk=\\007" >/dev/ttyS0'`);
      const finished = await program.finished;
      const { size } = await stat(join(lab.runsDir, 'latest', 'vm.log'));
      if (size < 20 * 1024) throw new Error(`the noise did not reach the console: vm.log has ${size} bytes`);
      return onlyCleanText(finished);
    },
  },
  {
    name: 'console-flood',
    about: 'the guest’s console does not stop: vm.log stays within LOG_MAX, and so does the file that QEMU writes',
    speed: 'slow',
    expected: { exitCode: 0, says: [/NFS Test PASSED/], withinS: 120 },
    inflict: async (lab) => {
      const program = lab.run(['--testcase=read,write,open,rename', '--timeout=100s', '--log-max=64K']);
      await lab.untilTesting(program);
      lab.strike();
      const longest = watchSize(consoleOf(lab), program.finished);
      await lab.guest(flood(20));
      const finished = await program.finished;
      await sizeWithin(join(lab.runsDir, 'latest', 'vm.log'), { atLeast: 32 * 1024, atMost: 70 * 1024 });
      if ((await longest) > 256 * 1024) throw new Error(`QEMU's file had ${await longest} bytes`);
      if (!(await readFile(consoleOf(lab), 'latin1')).includes('of the console before this line were left out')) throw new Error('nothing says what is gone');
      return finished;
    },
  },
  {
    name: 'console-flood-unwatched',
    about: 'the console of a kept VM does not stop while no program follows: the next one that attaches cuts it, and the run passes',
    speed: 'slow',
    expected: { exitCode: 0, says: [/NFS Test PASSED/], withinS: 60 },
    inflict: async (lab) => {
      await lab.must('start-env');
      await lab.guest(flood(5));
      await sleep(6_000);
      await sizeWithin(consoleOf(lab), { atLeast: 96 * 1024, atMost: Number.POSITIVE_INFINITY });
      const program = lab.command(['test', ...lab.flags, '--testcase=read', '--triage=never', '--log-max=64K']);
      lab.strike();
      const finished = await program.finished;
      await sizeWithin(consoleOf(lab), { atLeast: 1, atMost: 70 * 1024 });
      const log = await readFile(join(lab.runsDir, 'latest', 'vm.log'), 'latin1');
      if (!/nfstest-tui: \d+ bytes of the console before this line were left out/.test(log)) throw new Error('the run does not know that something is gone');
      await lab.must('stop-env');
      return finished;
    },
  },
];
