import type { ExitCode } from '../model/exit-codes.ts';
import { createReporters } from '../reporters/index.ts';
import { runDryRun } from './dry-run.ts';
import { type LifecycleRequest, runLifecycle } from './lifecycle.ts';
import type { CommandInput } from './types.ts';

/** A lifecycle with the reporters that the flags ask for; `--dry-run` only prints it. */
export function run(input: CommandInput, request: Omit<LifecycleRequest, 'options' | 'keep' | 'reporters'>): Promise<ExitCode> {
  const { options, switches, write, isTerminal } = input;
  if (switches.has('dry-run')) return runDryRun(input, request);
  return runLifecycle({
    ...request,
    options,
    keep: switches.has('keep'),
    reporters: (folder) =>
      createReporters(switches.has('json') ? ['ndjson'] : ['plain'], {
        write,
        color: isTerminal && !process.env.NO_COLOR && process.env.TERM !== 'dumb',
        quiet: switches.has('quiet'),
        folder,
        command: reproduce(options),
      }),
  });
}
