import type { Conclusion, ServerIdentity, SuiteIdentity } from './events.ts';
import { type KnownFailureState, staleEntries } from './known-failures.ts';
import type { Failure, PhaseState, RunState, Triage } from './run-state.ts';
import { type Totals, totalsOf } from './verdict.ts';
import type { TrafficTotals } from './wire.ts';

/** One testcase in a summary. */
export interface TestcaseSummary {
  readonly name: string;
  readonly verdict: Conclusion;
  /** Assertions. */
  readonly passedCount: number;
  readonly failedCount: number;
  /** As the suite measured it; null where it printed none. */
  readonly durationMs: number | null;
  /** Why it did not run to its end; null otherwise. */
  readonly reason: string | null;
  readonly failures: readonly Failure[];
  /** What went over the wire, in numbers, and the capture's name; null where that is not known, missing in older recordings. */
  readonly traffic?: { readonly capture: string | null; readonly totals: TrafficTotals | null } | null;
  /** Whose fault its failure is, and what it came to elsewhere; null where it was not run again, missing in older recordings. */
  readonly triage?: Pick<Triage, 'blame' | 'reason' | 'results'> | null;
}

/** `summary.json` in a run's folder, what the json reporter writes, and what `import --json` and `show --json` print. Fields are added, never changed, within a `format`. */
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
  /** The engine's id of the server's image; null or missing in older recordings. */
  readonly imageId?: string | null;
  /** Options of the suite's mount; null or missing in older recordings. */
  readonly mountOptions?: string | null;
  /** Expected failures: where they came from, and those that pass now; null where none are expected, missing in older recordings. */
  readonly known?: { readonly source: string; readonly strict: boolean; readonly stale: readonly KnownFailureState[] } | null;
  readonly totals: Totals;
  readonly setupFailure: { readonly message: string; readonly details: readonly string[] } | null;
  readonly testcases: readonly TestcaseSummary[];
  readonly phases: readonly Omit<PhaseState, 'progress'>[];
  /** Pairs of server and client that shared the testcases. */
  readonly lanes: number;
  readonly notes: RunState['notes'];
  /** Logs of which lines were left out because they grew past LOG_MAX, and events.ndjson past its bound; missing where all is there, and in the json reporter's. */
  readonly shortened?: readonly ShortenedLog[];
}

/** A log, or the file of events, that did not keep everything. */
export interface ShortenedLog {
  /** Name in the run's folder. */
  readonly file: string;
  readonly droppedLines: number;
  readonly droppedBytes: number;
}

const isShortenedLog = (value: unknown): boolean => {
  const { file, droppedLines, droppedBytes } = (value ?? {}) as Partial<Record<keyof ShortenedLog, unknown>>;
  return typeof file === 'string' && typeof droppedLines === 'number' && typeof droppedBytes === 'number';
};

/** The content of a summary.json: `newer` where a later version of this program wrote it; null where it is none. A `shortened` that is no such list is left out: what was tested is told without it. */
export function summaryOf(value: unknown): RunSummary | 'newer' | null {
  if (typeof value !== 'object' || value === null || !('format' in value) || typeof value.format !== 'number') return null;
  if (value.format !== 1) return 'newer';
  const { shortened, ...rest } = value as unknown as RunSummary;
  const { testcases, totals, server }: Partial<RunSummary> = rest;
  const named =
    Array.isArray(testcases) &&
    testcases.every((entry: Partial<TestcaseSummary> | null) => typeof entry?.name === 'string' && typeof entry.verdict === 'string');
  const counted = typeof totals === 'object' && totals !== null;
  const served = server === null || (typeof server === 'object' && typeof server.name === 'string');
  if (!named || !counted || !served) return null;
  return Array.isArray(shortened) && shortened.every(isShortenedLog) ? { ...rest, shortened } : rest;
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
    imageId: state.imageId,
    mountOptions: state.mountOptions,
    known: state.known === null ? null : { source: state.known.source, strict: state.known.strict, stale: staleEntries(state.known) },
    totals: totalsOf(state.testcases),
    setupFailure: state.setupFailure,
    testcases: state.testcases.map(({ name, status, passedCount, failedCount, durationMs, reason, failures, traffic, triage }) => ({
      name,
      verdict: status === 'passed' || status === 'failed' || status === 'known' ? status : 'not-run',
      passedCount,
      failedCount,
      durationMs,
      reason,
      failures,
      traffic: traffic ? { capture: traffic.capture, totals: traffic.totals } : null,
      triage: triage ? { blame: triage.blame, reason: triage.reason, results: triage.results } : null,
    })),
    phases: state.phases.map(({ phase, lane, status, durationMs, detail }) => ({ phase, lane, status, durationMs, detail })),
    lanes: state.lanes,
    notes: state.notes,
  };
}
