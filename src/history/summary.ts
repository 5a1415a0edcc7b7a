import type { ServerIdentity, SuiteIdentity, Verdict } from '../model/events.ts';
import type { PhaseState, RunState } from '../model/run-state.ts';
import { type Totals, totalsOf } from '../model/verdict.ts';

/** One testcase in a summary. */
export interface TestcaseSummary {
  readonly name: string;
  readonly verdict: Verdict;
  /** Assertions. */
  readonly passedCount: number;
  readonly failedCount: number;
  /** As the suite measured it; null where it printed none. */
  readonly durationMs: number | null;
  /** Why it did not run to its end; null otherwise. */
  readonly reason: string | null;
  readonly failures: readonly { readonly message: string; readonly details: readonly string[] }[];
}

/** `summary.json` in a run's folder, and what `import --json` prints. Fields are added, never changed, within a `format`. */
export interface RunSummary {
  readonly format: 1;
  readonly runId: string | null;
  /** ISO 8601, UTC. */
  readonly startedAt: string | null;
  /** Version of this program. */
  readonly program: string | null;
  /** See `ExitCode`; null where the run did not come to its end. */
  readonly exitCode: number | null;
  /** Why it passed or not, in one line. */
  readonly reason: string | null;
  readonly hint: string | null;
  readonly durationMs: number | null;
  readonly server: ServerIdentity | null;
  /** `3`, `4.0`, `4.1` or `4.2`. */
  readonly nfsVersion: string | null;
  readonly suite: SuiteIdentity | null;
  /** The suite's own exit code; null where it was lost. */
  readonly suiteExitCode: number | null;
  /** `uname -r` of the client. */
  readonly clientKernel: string | null;
  readonly accelerator: string | null;
  readonly totals: Totals;
  readonly setupFailure: { readonly message: string; readonly details: readonly string[] } | null;
  readonly testcases: readonly TestcaseSummary[];
  readonly phases: readonly Omit<PhaseState, 'progress'>[];
  readonly notes: RunState['notes'];
}

/** The summary of a run as far as it is known; a testcase without verdict has not run. */
export function summarise(state: RunState): RunSummary {
  return {
    format: 1,
    runId: state.runId,
    startedAt: state.startedAt,
    program: state.program,
    exitCode: state.result?.exitCode ?? null,
    reason: state.result?.reason ?? null,
    hint: state.result?.hint ?? null,
    durationMs: state.result?.durationMs ?? null,
    server: state.server,
    nfsVersion: state.nfsVersion,
    suite: state.suite,
    suiteExitCode: state.suiteExitCode,
    clientKernel: state.clientKernel,
    accelerator: state.accelerator,
    totals: totalsOf(state.testcases),
    setupFailure: state.setupFailure,
    testcases: state.testcases.map(({ name, status, passedCount, failedCount, durationMs, reason, failures }) => ({
      name,
      verdict: status === 'passed' || status === 'failed' ? status : 'not-run',
      passedCount,
      failedCount,
      durationMs,
      reason,
      failures,
    })),
    phases: state.phases.map(({ phase, status, durationMs, detail }) => ({ phase, status, durationMs, detail })),
    notes: state.notes,
  };
}
