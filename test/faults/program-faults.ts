import type { Fault } from './types.ts';

/** What can happen to the program itself. */
export const programFaults: readonly Fault[] = [
  {
    name: 'kill-9-in-suite',
    about: 'the program is killed while testcases run: the next run stops what it left, and passes',
    speed: 'quick',
    expected: { exitCode: 0, says: [/stopped what an earlier run left: .*client VM/, /NFS Test PASSED/], withinS: 60 },
    inflict: async (lab) => {
      const program = lab.run(['--testcase=all']);
      await lab.untilTesting(program);
      lab.strike();
      program.child.kill('SIGKILL');
      await program.finished;
      return lab.run().finished;
    },
  },
];
