import { openEngine, openVms, processes } from '../app.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { lockEnvironment } from '../steps/environment.ts';
import { stopEnvironment } from '../steps/stop.ts';
import { run } from './run.ts';
import type { Command, CommandInput } from './types.ts';

const both = { server: true, vm: true };
const onlyServer = { server: true, vm: false };
const onlyVm = { server: false, vm: true };

const start = (parts: typeof both) => (input: CommandInput) => run(input, { goal: 'environment', parts, attach: false });

const stop =
  (parts: typeof both) =>
  async ({ options, write }: CommandInput) => {
    const unlock = await lockEnvironment(options, processes);
    try {
      const stopped = await stopEnvironment(options, parts, { openEngine, vms: openVms() });
      write(stopped.length > 0 ? `stopped ${stopped.join(', ')}\n` : 'nothing was running\n');
      return ExitCode.passed;
    } finally {
      await unlock();
    }
  };

export const environmentCommands: readonly Command[] = [
  {
    name: 'build',
    usage: '',
    summary: 'build the server image and the VM image',
    details: [],
    canDryRun: true,
    run: (input) => run(input, { goal: 'build', parts: both, attach: false }),
  },
  {
    name: 'start-env',
    usage: '',
    summary: 'start server and client VM and leave them running',
    details: ['`test` then runs testcases against them, `stop-env` ends them.'],
    canDryRun: true,
    run: start(both),
  },
  { name: 'stop-env', usage: '', summary: 'stop server and client VM', details: [], run: stop(both) },
  { name: 'start-server', usage: '', summary: 'start only the server', details: [], canDryRun: true, run: start(onlyServer) },
  { name: 'stop-server', usage: '', summary: 'stop only the server', details: [], run: stop(onlyServer) },
  { name: 'start-client', usage: '', summary: 'start only the client VM', details: [], canDryRun: true, run: start(onlyVm) },
  { name: 'stop-client', usage: '', summary: 'stop only the client VM', details: [], run: stop(onlyVm) },
  {
    name: 'test',
    usage: '',
    summary: 'run testcases in the environment that start-env left running',
    details: ['Server, export and ports are those of the environment.'],
    canDryRun: true,
    run: (input) => run(input, { goal: 'tests', parts: both, attach: true }),
  },
];
