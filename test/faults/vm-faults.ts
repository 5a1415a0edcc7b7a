import type { Fault } from './types.ts';

/** What can happen to the client VM. */
export const vmFaults: readonly Fault[] = [
  {
    name: 'qemu-killed',
    about: 'QEMU is killed while testcases run: the client is lost',
    speed: 'quick',
    expected: { exitCode: 5, says: [/the client VM ended by itself \(SIGKILL\)/, /not run/], withinS: 15 },
    inflict: async (lab) => {
      const program = lab.run(['--testcase=all']);
      await lab.untilTesting(program);
      const pid = await lab.qemuPid();
      lab.strike();
      process.kill(pid, 'SIGKILL');
      return program.finished;
    },
  },
];
