import type { ExitCode } from '../model/exit-codes.ts';
import { openRun, type RunRequest } from './open-run.ts';
import { onSignals } from './signals.ts';

/** Builds, starts, tests and stops as far as the request says; signals end it in good order. */
export async function runLifecycle(request: RunRequest): Promise<ExitCode> {
  const run = await openRun(request);
  const forget = onSignals((outcome) => run.send({ type: 'run.stop', outcome }));
  try {
    run.start();
    return (await run.ended).exitCode;
  } finally {
    forget();
  }
}
