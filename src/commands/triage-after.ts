import { openEngine } from '../app.ts';
import type { Options } from '../config/options.ts';
import { findRecipe } from '../config/server-recipe.ts';
import { appendEvents } from '../history/append-events.ts';
import { readRun } from '../history/read-runs.ts';
import type { RunEvent } from '../model/events.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { formatDuration } from '../model/format.ts';
import type { RunState } from '../model/run-state.ts';
import { newFailures, planTriage, type ReferenceState } from '../model/triage-plan.ts';
import { isImageReady } from '../steps/image-ready.ts';
import { untilSignal } from './signals.ts';
import { referenceServer, triageRun } from './triage-runs.ts';

/** Nobody asked for it: a testcase that hangs now must not take as long as a whole run may. */
const unaskedTimeoutMs = 120_000;

async function referenceState(state: RunState | undefined): Promise<ReferenceState> {
  if (state?.server?.name === referenceServer) return 'same';
  try {
    const isReady = await isImageReady(`${referenceServer}:latest`, findRecipe(referenceServer, null), await openEngine());
    return isReady ? 'ready' : 'missing';
  } catch {
    // It says so itself where it is asked for.
    return 'missing';
  }
}

export interface FinishedRun {
  readonly folder: string;
  readonly exitCode: ExitCode;
}

export interface TriageAfterOptions {
  readonly options: Options;
  /** The run used an environment that was there, as often as its user likes: nothing begins unasked. */
  readonly attached: boolean;
  /** Told what begins, and why nothing does, in one line. */
  readonly say: (line: string) => void;
  /** Gets what was found, as it was added to a run's recording. */
  readonly tell: (folder: string, events: readonly RunEvent[]) => void;
}

/**
 * Runs the new failures of finished runs again elsewhere, as far as that is wanted (see `planTriage`).
 *
 * @returns the signal's exit code where it was cut off; else null: whose fault a failure is changes no verdict.
 */
export async function triageAfter(
  runs: readonly FinishedRun[],
  { options, attached, say, tell }: TriageAfterOptions,
  { findReference = referenceState, again = triageRun } = {},
): Promise<ExitCode | null> {
  if (options.triage === 'never') return null;
  const failed = runs.filter(({ exitCode }) => exitCode === ExitCode.testsFailed);
  if (failed.length === 0) return null;
  const states = await Promise.all(failed.map(async ({ folder }) => (await readRun(folder)).state));
  const reference = await findReference(states[0]);
  const plan = planTriage(options.triage, states, reference);
  const names = [...new Set(states.flatMap(newFailures))];
  if (names.length === 0) return null;
  if (!plan.isWanted || (options.triage === 'auto' && attached)) {
    const reason = plan.reason === null ? '' : ` (${plan.reason})`;
    say(`triage     not done${reason}: \`nfstest-tui triage\` says whose fault ${names.length === 1 ? 'it is' : 'they are'}`);
    return null;
  }
  const unasked = options.triage === 'auto';
  const leaveOut = unasked ? '; --triage=never leaves it out' : '';
  say(`triage: whose fault? ${names.join(', ')} again elsewhere (about ${formatDuration(plan.expectedMs)}${leaveOut})`);
  const own = unasked ? { ...options, timeoutMs: Math.min(options.timeoutMs, unaskedTimeoutMs) } : options;
  const { interrupted } = await untilSignal(async (signal) => {
    for (const { folder } of failed) {
      const { found } = await again(folder, own, { withReference: plan.withReference, say, signal });
      tell(folder, await appendEvents(folder, found));
    }
  });
  if (interrupted !== null) say('triage     stopped');
  else if (reference === 'missing' && !plan.withReference) {
    say(`           ${findRecipe(referenceServer, null).title} was left out, for its image is not built: \`nfstest-tui triage\` builds it and asks again`);
  }
  return interrupted;
}
