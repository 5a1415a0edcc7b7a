import type { Fault } from './types.ts';

/** What can happen to the server. */
export const serverFaults: readonly Fault[] = [
  {
    name: 'container-killed',
    about: 'the server’s container is killed while testcases run: the server is lost',
    speed: 'quick',
    expected: { exitCode: 4, says: [/the server died \(exit code 137\)/, /not run/], withinS: 15 },
    inflict: async (lab) => {
      const program = lab.run(['--testcase=all']);
      await lab.untilTesting(program);
      lab.strike();
      await (await lab.container()).kill();
      return program.finished;
    },
  },
];
