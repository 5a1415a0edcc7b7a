import { relative } from 'node:path';
import type { ExitCode } from '../model/exit-codes.ts';
import { reporters } from '../reporters/index.ts';
import { runDryRun } from './dry-run.ts';
import { runLifecycle } from './lifecycle.ts';
import type { RunRequest } from './open-run.ts';
import type { CommandInput } from './types.ts';

/** A lifecycle printed as the flags ask for; `--dry-run` only says what it would do. */
export function run(input: CommandInput, request: Omit<RunRequest, 'options' | 'keep' | 'reporters'>): Promise<ExitCode> {
  const { options, switches, write, color } = input;
  if (switches.has('dry-run')) return runDryRun(input, request);
  const reporter = switches.has('json') ? reporters.ndjson : reporters.plain;
  return runLifecycle({
    ...request,
    options,
    // `test` only uses the environment that it finds.
    keep: () => request.attach || switches.has('keep'),
    reporters: (folder) => [reporter({ write, color, quiet: switches.has('quiet'), folder: relative(process.cwd(), folder) })],
  });
}
