import { openEngine, openVms, processes } from '../app.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { lockEnvironment } from '../steps/environment.ts';
import { stopEnvironment } from '../steps/stop.ts';
import { run } from './run.ts';
import { triageOptions } from './triage-runs.ts';
import type { RunCommand } from './types.ts';

const both = { server: true, vm: true };
const onlyServer = { server: true, vm: false };
const onlyVm = { server: false, vm: true };

const start =
  (parts: typeof both): RunCommand =>
  (input) =>
    run(input, { goal: 'environment', parts, attach: false });

const stop =
  (parts: typeof both): RunCommand =>
  async ({ options, write }) => {
    const unlock = await lockEnvironment(options, processes);
    try {
      const stopped = [];
      // A triage that was killed leaves an environment beside the one that is meant.
      for (const each of [options, triageOptions(options, '')]) stopped.push(...(await stopEnvironment(each, parts, { openEngine, vms: openVms() })));
      write(stopped.length > 0 ? `stopped ${stopped.join(', ')}\n` : 'nothing was running\n');
      return ExitCode.passed;
    } finally {
      await unlock();
    }
  };

export const build: RunCommand = (input) => run(input, { goal: 'build', parts: both, attach: false });
export const startEnvironment = start(both);
export const startServer = start(onlyServer);
export const startClient = start(onlyVm);
export const stopAll = stop(both);
export const stopServer = stop(onlyServer);
export const stopClient = stop(onlyVm);
/** Server, export and ports are those of the environment. */
export const test: RunCommand = (input) => run(input, { goal: 'tests', parts: both, attach: true });
