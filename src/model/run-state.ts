import type {
  AssertionFinished,
  Conclusion,
  EventBody,
  KnownFailure,
  Phase,
  RunEvent,
  RunFinished,
  ServerIdentity,
  SuiteIdentity,
  TestcaseTraffic,
  TriageFinished,
} from './events.ts';
import { type Circumstances, type KnownFailures, noteAssertion, notePassed } from './known-failures.ts';
import { type LaneState, lanesOfRun, newLanes, reduceLanes } from './lane-state.ts';
import { describeLossEvent } from './loss-events.ts';

/** One testcase as a screen or a report shows it. */
export interface TestcaseState {
  readonly name: string;
  /** `pending` before, `running` during; what it came to after. */
  readonly status: 'pending' | 'running' | Conclusion;
  readonly passedCount: number;
  readonly failedCount: number;
  readonly durationMs: number | null;
  readonly failures: readonly Failure[];
  readonly reason: string | null;
  /** Number of the lane that ran it last, from 0; null before. */
  readonly lane: number | null;
  /** What went over the wire; null or missing where it is not known, or not yet. */
  readonly traffic?: Traffic | null;
  /** Whose fault its failure is; null or missing where it was not run again elsewhere. */
  readonly triage?: Triage | null;
}

export type Triage = Omit<TriageFinished, 'type' | 'testcase'>;

export type Traffic = Omit<TestcaseTraffic, 'type' | 'testcase'>;

/** A failed assertion. */
export interface Failure {
  readonly message: string;
  /** Continuation lines. */
  readonly details: readonly string[];
  /** Why it is expected; null where it is not. */
  readonly known: string | null;
}

export interface PhaseState {
  readonly phase: Phase;
  /** Number of the lane, from 0. */
  readonly lane: number;
  readonly status: 'running' | 'ok' | 'failed' | 'cancelled';
  readonly durationMs: number | null;
  readonly detail: string | null;
  /** The last progress message. */
  readonly progress: string | null;
}

/** Everything known of a run; rebuilt from its events alone. */
export interface RunState {
  readonly runId: string | null;
  readonly startedAt: string | null;
  readonly server: ServerIdentity | null;
  readonly nfsVersion: string | null;
  readonly suite: SuiteIdentity | null;
  readonly program: string | null;
  /** Pairs of server and client that share the testcases. */
  readonly lanes: number;
  readonly clientKernel: string | null;
  /** The engine's id of the server's image; null in recordings that lack it. */
  readonly imageId: string | null;
  /** Options of the suite's mount; null before, and in recordings that lack them. */
  readonly mountOptions: string | null;
  /** The suite's command line in the guest. */
  readonly suiteCommand: string | null;
  /** Settings that were given, by key; empty in recordings that lack them. */
  readonly settings: Readonly<Record<string, string>>;
  /** Null where none are expected. */
  readonly known: KnownFailures | null;
  readonly accelerator: string | null;
  /** Servers and clients, by the number of their lane; one at least. */
  readonly laneStates: readonly LaneState[];
  readonly phases: readonly PhaseState[];
  readonly testcases: readonly TestcaseState[];
  readonly notes: readonly { readonly level: 'info' | 'warning'; readonly message: string }[];
  readonly setupFailure: { readonly message: string; readonly details: readonly string[] } | null;
  /** The suite's own exit code; null before its end or where it was lost. */
  readonly suiteExitCode: number | null;
  readonly result: Omit<RunFinished, 'type'> | null;
}

export const emptyRunState: RunState = {
  runId: null,
  startedAt: null,
  server: null,
  nfsVersion: null,
  suite: null,
  program: null,
  lanes: 1,
  clientKernel: null,
  imageId: null,
  mountOptions: null,
  suiteCommand: null,
  settings: {},
  known: null,
  accelerator: null,
  laneStates: newLanes(1),
  phases: [],
  testcases: [],
  notes: [],
  setupFailure: null,
  suiteExitCode: null,
  result: null,
};

const pending = (name: string): TestcaseState => ({
  name,
  status: 'pending',
  passedCount: 0,
  failedCount: 0,
  durationMs: null,
  failures: [],
  reason: null,
  lane: null,
  traffic: null,
  triage: null,
});

/** Changes one testcase; one that was not announced (an imported log) is added at the end. */
function withTestcase(state: RunState, name: string, change: (testcase: TestcaseState) => TestcaseState): RunState {
  const known = state.testcases.some((testcase) => testcase.name === name);
  const testcases = known ? state.testcases : [...state.testcases, pending(name)];
  return { ...state, testcases: testcases.map((testcase) => (testcase.name === name ? change(testcase) : testcase)) };
}

const isPhase =
  ({ phase, lane = 0 }: { readonly phase: Phase; readonly lane?: number }) =>
  (entry: PhaseState): boolean =>
    entry.phase === phase && entry.lane === lane;

function withPhase(state: RunState, which: { readonly phase: Phase; readonly lane?: number }, change: Partial<PhaseState>): RunState {
  const matches = isPhase(which);
  return { ...state, phases: state.phases.map((entry) => (matches(entry) ? { ...entry, ...change } : entry)) };
}

const withLanes = (state: RunState, event: RunEvent): RunState => ({ ...state, laneStates: reduceLanes(state.laneStates, event) });

const circumstancesOf = ({ nfsVersion, clientKernel, suite }: RunState): Circumstances => ({ nfsVersion, clientKernel, suiteKind: suite?.kind ?? null });

function finishAssertion(state: RunState, event: AssertionFinished): RunState {
  const { message, details } = event;
  const noted = state.known === null ? null : noteAssertion(state.known, circumstancesOf(state), event);
  const failure: Failure = { message, details, known: noted?.entry?.reason ?? null };
  return withTestcase({ ...state, known: noted?.known ?? null }, event.testcase, (testcase) => ({
    ...testcase,
    passedCount: testcase.passedCount + event.passedCount,
    failedCount: testcase.failedCount + event.failedCount,
    failures: event.verdict === 'failed' ? [...testcase.failures, failure] : testcase.failures,
  }));
}

/** Whether an assertion says of an expected failure what was not known before: that it has come, or that it passes. At most twice per entry. */
export function tellsOfKnown(state: RunState, body: EventBody): boolean {
  const { known } = state;
  if (known === null || body.type !== 'assertion.finished') return false;
  const { entries } = noteAssertion(known, circumstancesOf(state), body).known;
  return entries.some(({ seen, passed }, index) => seen !== known.entries[index]?.seen || passed !== known.entries[index]?.passed);
}

/** A testcase that failed only where it was expected to: every failure that the suite counted is there and known. */
const isKnown = ({ failures, failedCount }: TestcaseState, countedFailures: number): boolean =>
  failures.length > 0 && failures.every(({ known }) => known !== null) && failedCount >= countedFailures;

/** The next state after an event; pure, so that a recorded run replays into the same picture. */
export function reduce(state: RunState, event: RunEvent): RunState {
  switch (event.type) {
    case 'run.started':
      return {
        ...emptyRunState,
        runId: event.runId,
        startedAt: event.time,
        server: event.server,
        nfsVersion: event.nfsVersion,
        program: event.program,
        lanes: event.lanes ?? 1,
        laneStates: lanesOfRun(event),
        settings: event.settings ?? {},
        imageId: event.environment?.imageId ?? null,
        clientKernel: event.environment?.clientKernel ?? null,
        accelerator: event.environment?.accelerator ?? null,
        testcases: event.testcases.map(pending),
      };
    case 'known-failures.read':
      return {
        ...state,
        known: { source: event.source, strict: event.strict, entries: event.entries.map((entry: KnownFailure) => ({ ...entry, seen: false, passed: false })) },
      };
    case 'suite.resolved':
      return { ...state, suite: event.suite };
    case 'phase.started': {
      const matches = isPhase(event);
      return {
        ...state,
        phases: [
          ...state.phases.filter((entry) => !matches(entry)),
          { phase: event.phase, lane: event.lane, status: 'running', durationMs: null, detail: null, progress: null },
        ],
      };
    }
    case 'phase.finished':
      return withPhase(state, event, { status: event.outcome, durationMs: event.durationMs, detail: event.detail });
    case 'progress.reported':
      return withPhase(state, event, { progress: event.message });
    case 'note.reported':
      return { ...state, notes: [...state.notes, { level: event.level, message: event.message }] };
    case 'server.started':
      return { ...withLanes(state, event), imageId: event.imageId ?? state.imageId };
    case 'vm.started':
      return { ...withLanes(state, event), accelerator: event.accelerator };
    case 'client.connected':
      return { ...withLanes(state, event), clientKernel: event.kernel };
    case 'server.ready':
    case 'server.sampled':
    case 'server.exited':
    case 'vm.ready':
    case 'vm.exited':
      return withLanes(state, event);
    case 'testcase.started':
      return withTestcase(state, event.testcase, () => ({ ...pending(event.testcase), status: 'running', lane: event.lane }));
    case 'assertion.finished':
      return finishAssertion(state, event);
    case 'testcase.finished':
      return withTestcase(
        event.verdict === 'passed' && state.known !== null ? { ...state, known: notePassed(state.known, circumstancesOf(state), event.testcase) } : state,
        event.testcase,
        (testcase) => ({
          ...testcase,
          status: event.verdict === 'failed' && isKnown(testcase, event.failedCount) ? 'known' : event.verdict,
          passedCount: event.passedCount,
          failedCount: event.failedCount,
          durationMs: event.durationMs,
          reason: event.reason,
        }),
      );
    case 'testcase.traffic': {
      const { capture, complete, command, problem, totals, windows } = event;
      return withTestcase(state, event.testcase, (testcase) => ({ ...testcase, traffic: { capture, complete, command, problem, totals, windows } }));
    }
    case 'suite.setup-failed':
      return { ...state, setupFailure: { message: event.message, details: event.details } };
    case 'suite.finished':
      // Of several lanes' suites the one that did not end well counts.
      return { ...state, suiteExitCode: state.suiteExitCode ? state.suiteExitCode : event.exitCode };
    case 'run.finished':
      return {
        ...state,
        result: { exitCode: event.exitCode, reason: event.reason, hint: event.hint, log: event.log, durationMs: event.durationMs },
      };
    case 'server.unresponsive':
    case 'vm.faulted':
    case 'client.disconnected':
    case 'engine.lost':
    case 'hang.diagnosed':
    case 'lane.replaced':
      return { ...withLanes(state, event), notes: [...state.notes, { level: 'warning', message: describeLossEvent(event) }] };
    case 'suite.started':
      return { ...state, suiteCommand: event.command, mountOptions: event.mountOptions ?? null };
    case 'remark.reported':
    case 'round.finished':
    case 'versions.finished':
      return state;
    case 'triage.finished': {
      const { blame, reason, failures, results } = event;
      return withTestcase(state, event.testcase, (testcase) => ({ ...testcase, triage: { blame, reason, failures, results } }));
    }
  }
  // A recording of a newer version may hold events that this one does not know.
  event satisfies never;
  return state;
}
