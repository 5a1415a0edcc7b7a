import type { Conclusion, ServerIdentity, SuiteIdentity, TriageFinished } from '../../src/model/events.ts';
import type { KnownFailures } from '../../src/model/known-failures.ts';
import { type LaneState, newLanes } from '../../src/model/lane-state.ts';
import type { PhaseState, Traffic } from '../../src/model/run-state.ts';

export interface AssertionView {
  readonly verdict: 'passed' | 'failed';
  readonly message: string;
  /** More than 1 in all where the suite grouped subtests. */
  readonly passedCount: number;
  readonly failedCount: number;
  readonly details: readonly string[];
  /** Why its failure is expected; null where it is not, or where it passed. */
  readonly known: string | null;
}

/** What is known of a testcase from an earlier run. */
export interface PreviousResult {
  readonly verdict: Conclusion;
  readonly durationMs: number | null;
}

/** One row of the testcase list. */
export interface TestcaseView {
  readonly name: string;
  readonly description: string;
  /** `idle`: not selected for any run of this session. */
  readonly status: 'idle' | 'pending' | 'running' | Conclusion;
  readonly passedCount: number;
  readonly failedCount: number;
  readonly durationMs: number | null;
  /** Epoch milliseconds; null before it started. */
  readonly startedAt: number | null;
  readonly assertions: readonly AssertionView[];
  /** Lines of the suite that are no assertion but matter. */
  readonly remarks: readonly string[];
  /** Why it did not run to its end. */
  readonly reason: string | null;
  readonly previous: PreviousResult | null;
  /** Number of the lane that runs it or ran it last, from 0; null before. */
  readonly lane: number | null;
  /** Whose fault its failure is; null where nobody has asked. */
  readonly triage: TriageFinished | null;
  /** What it came to in this session, by NFS version. */
  readonly versions: Readonly<Record<string, Conclusion>>;
  /** What went over the wire; missing where that is not known, or not yet. */
  readonly traffic?: Traffic;
}

/** A running test suite is `running`; `ready` waits for a selection. */
export type EnvironmentState = 'starting' | 'ready' | 'running' | 'stopping' | 'failed' | 'stopped';

/** Why there is no environment, and what to do. */
export interface FailureView {
  readonly reason: string;
  readonly hint: string | null;
  /** The end of the log that explains it. */
  readonly log: { readonly path: string; readonly lines: readonly string[] } | null;
}

export interface PhaseView extends PhaseState {
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/** Everything the screen shows; made of events alone, so that a recording replays into the same picture. */
export interface DashboardView {
  readonly environment: EnvironmentState;
  readonly failure: FailureView | null;
  readonly runId: string | null;
  readonly server: ServerIdentity | null;
  readonly nfsVersion: string | null;
  readonly suite: SuiteIdentity | null;
  /** Epoch milliseconds of the session's first event, and of the end of the last run. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly phases: readonly PhaseView[];
  /** Servers and clients, by the number of their lane; one at least. */
  readonly laneStates: readonly LaneState[];
  /** Every testcase of the catalog, in its order. */
  readonly testcases: readonly TestcaseView[];
  /** Names of the run that goes on, or of the last one. */
  readonly selected: readonly string[];
  /** Expected failures of the run that goes on, or of the last one; null where none are expected. */
  readonly known: KnownFailures | null;
  readonly setupFailure: { readonly message: string; readonly details: readonly string[] } | null;
  /** The newest one; null where there was none. */
  readonly note: string | null;
  /** The newest warning of the run that goes on, or of the last one: a lane that was lost, for example; null where there was none. */
  readonly warning: string | null;
  /** One line: how the last run ended. */
  readonly outcome: string | null;
  /** What a round of `watch` found and how long it took; null where the run is none, or not at its end. */
  readonly round: string | null;
  /** Folder whose changes begin a round; null where nothing is watched. */
  readonly watching: string | null;
}

/** The kernel and the accelerator of the clients, which are the same in every lane; null before the first one is known. */
export const kernelOf = ({ laneStates }: Pick<DashboardView, 'laneStates'>): string | null =>
  laneStates.find(({ client }) => client.kernel !== null)?.client.kernel ?? null;
export const acceleratorOf = ({ laneStates }: Pick<DashboardView, 'laneStates'>): string | null =>
  laneStates.find(({ client }) => client.accelerator !== null)?.client.accelerator ?? null;

export interface CatalogEntry {
  readonly name: string;
  readonly description: string;
}

/** The screen before the first event. */
export function emptyView(catalog: readonly CatalogEntry[], previous: ReadonlyMap<string, PreviousResult> = new Map()): DashboardView {
  return {
    environment: 'starting',
    failure: null,
    runId: null,
    server: null,
    nfsVersion: null,
    suite: null,
    startedAt: null,
    endedAt: null,
    phases: [],
    laneStates: newLanes(1),
    testcases: catalog.map((entry) => idleTestcase(entry, previous.get(entry.name) ?? null)),
    selected: [],
    known: null,
    setupFailure: null,
    note: null,
    warning: null,
    outcome: null,
    round: null,
    watching: null,
  };
}

export const idleTestcase = (
  { name, description, versions = {} }: CatalogEntry & Partial<Pick<TestcaseView, 'versions'>>,
  previous: PreviousResult | null,
): TestcaseView => ({
  name,
  description,
  status: 'idle',
  passedCount: 0,
  failedCount: 0,
  durationMs: null,
  startedAt: null,
  assertions: [],
  remarks: [],
  reason: null,
  previous,
  lane: null,
  triage: null,
  versions,
});
