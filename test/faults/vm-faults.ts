import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { notRunCountOf, onlyCleanText } from './checks.ts';
import type { FaultLab } from './lab.ts';
import type { Fault } from './types.ts';

/** Harm that is done while all testcases run. `timeout`: the latest moment at which the program may notice. */
const whileTesting =
  (harm: (lab: FaultLab) => Promise<unknown>, { args = [], settles = true }: { args?: readonly string[]; settles?: boolean } = {}): Fault['inflict'] =>
  async (lab) => {
    const program = lab.run(['--testcase=all', '--timeout=30s', ...args]);
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
const later = (command: string) => `(sleep 0.3; ${command}) </dev/null >/dev/null 2>&1 &`;

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
    expected: { exitCode: 1, says: [/did not run|not run/], withinS: 30 },
    inflict: whileTesting((lab) => lab.guest("sudo pkill -9 -f '[p]ython3 -u .*/suite/test/nfstest_posix'")),
  },
  {
    name: 'runner-killed',
    about: 'the program that runs the suite in the guest is killed: what has not run is no pass',
    speed: 'slow',
    expected: { exitCode: 1, says: [/did not run|not run/], withinS: 30 },
    inflict: whileTesting((lab) => lab.guest("sudo pkill -9 -f '[p]ython3 -u .*/runner.py'")),
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
    about: 'the guest’s console does not stop: vm.log stays within LOG_MAX',
    speed: 'slow',
    expected: { exitCode: 0, says: [/NFS Test PASSED/], withinS: 120 },
    inflict: async (lab) => {
      const program = lab.run(['--testcase=read,write,open,rename', '--timeout=100s', '--log-max=64K']);
      await lab.untilTesting(program);
      lab.strike();
      await lab.guest(`sudo sh -c '(timeout 20 yes flood >/dev/ttyS0) </dev/null >/dev/null 2>&1 &'`);
      const finished = await program.finished;
      const { size } = await stat(join(lab.runsDir, 'latest', 'vm.log'));
      if (size < 32 * 1024 || size > 70 * 1024) throw new Error(`vm.log has ${size} bytes`);
      return finished;
    },
  },
];
