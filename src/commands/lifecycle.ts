import type { ExitCode } from '../model/exit-codes.ts';
import type { Outcome } from '../model/verdict.ts';
import { type OpenRun, openRun, type RunRequest } from './open-run.ts';
import { onSignals } from './signals.ts';

/** Builds, starts, tests and stops as far as the request says; signals end it in good order. */
export async function runLifecycle(request: RunRequest): Promise<ExitCode> {
  let run: OpenRun | null = null;
  let early: Outcome | null = null;
  const forget = onSignals((outcome) => {
    if (run === null) early ??= outcome;
    else run.send({ type: 'run.stop', outcome });
  });
  try {
    run = await openRun(request);
    run.start();
    // It came while the run was opened: the lock is held by then.
    if (early !== null) run.send({ type: 'run.stop', outcome: early });
    return (await run.ended).exitCode;
  } finally {
    forget();
  }
}
