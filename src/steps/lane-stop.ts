import { EnvironmentError, messageOf } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { Outcome } from '../model/verdict.ts';
import type { VmHandle } from '../services/types.ts';
import type { EnvironmentFile } from './environment.ts';
import type { RunningServer } from './server.ts';
import { within } from './wait.ts';

/** How long the news of an end may take after what was stopped is gone. */
export const exitReportMs = 1_000;

/** What was lost is the news, and weighs more than what could not be tidied up after it. */
const losses: ReadonlySet<ExitCode> = new Set([ExitCode.environment, ExitCode.serverLost, ExitCode.clientLost]);

export interface LaneParts {
  readonly server: RunningServer | null;
  readonly vm: VmHandle | null;
  readonly graceMs: number;
  readonly environment: Pick<EnvironmentFile, 'update'>;
  /** What the lane came to before it was stopped. */
  readonly outcome: Outcome;
  /** Resolves when the ends of server and VM are reported. */
  readonly exitsTold: () => Promise<void>;
}

/**
 * Stops what a lane owns. What could be stopped is struck off env.json at once, so that what is left can be found there by the next start.
 *
 * @throws EnvironmentError saying what is left; after a loss it says first what that was, and has its exit code.
 */
export async function stopParts({ server, vm, graceMs, environment, outcome, exitsTold }: LaneParts): Promise<void> {
  const [container, machine] = await Promise.allSettled([server?.container.remove({ graceMs }), vm?.stop({ graceMs })]);
  const failures = [container, machine].flatMap((result) => (result.status === 'rejected' ? [messageOf(result.reason)] : []));
  if (failures.length === 0) await within(exitReportMs, exitsTold());
  // The other part may belong to another process that goes on.
  await environment.update({
    ...(server && container.status === 'fulfilled' ? { server: null } : {}),
    ...(vm && machine.status === 'fulfilled' ? { vm: null, suiteDigest: null } : {}),
    // Nobody wants it any more.
    kept: { ...(container.status === 'rejected' && { server: false }), ...(machine.status === 'rejected' && { vm: false }) },
  });
  if (failures.length === 0) return;
  const isLost = losses.has(outcome.exitCode);
  const message = [...(isLost ? [outcome.reason] : []), ...failures].join('; ');
  throw new EnvironmentError(message, 'run `nfstest-tui stop-env` to try again; the next start does it too', {
    ...(isLost && { exitCode: outcome.exitCode }),
    ...(isLost && outcome.log !== null && { log: outcome.log }),
  });
}
