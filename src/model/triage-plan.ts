import { formatDuration } from './format.ts';
import type { PhaseState, RunState } from './run-state.ts';

/** What is run again without being asked for: few testcases, and not for long. */
export const triageLimits = { testcases: 5, expectedMs: 60_000 } as const;

/** Whether the reference server can be started at once; `same`: it is the one under test. */
export type ReferenceState = 'ready' | 'missing' | 'same';

export interface TriagePlan {
  readonly isWanted: boolean;
  /** Also on the reference server; unasked only where that needs no build. */
  readonly withReference: boolean;
  /** Of all testcases together, in every place. */
  readonly expectedMs: number;
  /** Why it is left out, in one line; null where it is not, or where nobody wants to know. */
  readonly reason: string | null;
}

/** Names of the testcases that failed and were not expected to. */
export const newFailures = ({ testcases }: Pick<RunState, 'testcases'>): readonly string[] =>
  testcases.filter(({ status }) => status === 'failed').map(({ name }) => name);

const environmentPhases: readonly PhaseState['phase'][] = ['server', 'vm', 'connect', 'upload'];

const phaseMs = ({ phases }: RunState, wanted: readonly PhaseState['phase'][]): number =>
  phases.filter(({ phase, lane }) => lane === 0 && wanted.includes(phase)).reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);

/** What a call of the suite takes besides its testcases: its start, the mount. */
function callMs(state: RunState): number {
  const testcasesMs = state.testcases.filter(({ lane }) => lane === 0).reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
  return Math.max(0, phaseMs(state, ['suite']) - testcasesMs);
}

/** How long the failed testcases of these runs take once more in each place, from what they and their environment took: own and local disk, and the reference. */
export function expectedTriageMs(runs: readonly RunState[], withReference: boolean): number {
  const environments = withReference ? 2 : 1;
  // Of a session's runs the first alone starts something.
  const environmentMs = Math.max(0, ...runs.map((state) => phaseMs(state, environmentPhases)));
  const ofRun = (state: RunState): number => {
    const names = newFailures(state);
    if (names.length === 0) return 0;
    const testcasesMs = state.testcases
      .filter(({ name }) => names.includes(name))
      // One without a time may have taken all there was.
      .reduce((sum, { durationMs }) => sum + (durationMs ?? phaseMs(state, ['suite'])), 0);
    return environments * environmentMs + (environments + 1) * (callMs(state) + testcasesMs);
  };
  return runs.reduce((sum, state) => sum + ofRun(state), 0);
}

/**
 * Whether new failures are run again elsewhere.
 *
 * @param runs those whose testcases failed, and nothing worse; of several NFS versions one each.
 */
export function planTriage(choice: 'auto' | 'always' | 'never', runs: readonly RunState[], reference: ReferenceState): TriagePlan {
  const count = runs.reduce((sum, state) => sum + newFailures(state).length, 0);
  const withReference = reference === 'ready' || (reference === 'missing' && choice === 'always');
  const expectedMs = expectedTriageMs(runs, withReference);
  if (count === 0 || choice === 'never') return { isWanted: false, withReference, expectedMs, reason: null };
  if (choice === 'always') return { isWanted: true, withReference, expectedMs, reason: null };
  const reason =
    count > triageLimits.testcases
      ? `${count} testcases failed, and up to ${triageLimits.testcases} are run again unasked`
      : expectedMs > triageLimits.expectedMs
        ? `it would take about ${formatDuration(expectedMs)}`
        : null;
  return { isWanted: reason === null, withReference, expectedMs, reason };
}
