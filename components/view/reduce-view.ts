import type { PhaseFinished, PhaseStarted, ProgressReported, RunEvent, RunFinished, RunStarted } from '../../src/model/events.ts';
import { ExitCode } from '../../src/model/exit-codes.ts';
import { noteAssertion } from '../../src/model/known-failures.ts';
import { lanesOfRun, reduceLanes } from '../../src/model/lane-state.ts';
import { describeLossEvent } from '../../src/model/loss-events.ts';
import { describeResults, describeTimes } from '../../src/model/round-book.ts';
import { type DashboardView, kernelOf, type PhaseView } from './dashboard-view.ts';
import { reduceTestcase, selectForRun } from './reduce-testcase.ts';

const timeOf = (event: RunEvent): number => Date.parse(event.time);

/** A run in an environment that stands keeps what is known of it; otherwise everything but the testcases starts anew. */
function startRun(view: DashboardView, event: RunStarted & RunEvent): DashboardView {
  const again = view.environment === 'ready' || view.environment === 'running';
  const lanes = lanesOfRun(event);
  return {
    ...view,
    environment: again ? view.environment : event.environment === undefined ? 'starting' : 'ready',
    failure: null,
    runId: event.runId,
    server: event.server,
    nfsVersion: event.nfsVersion,
    startedAt: again ? view.startedAt : timeOf(event),
    endedAt: null,
    phases: again ? view.phases : [],
    laneStates: again && view.laneStates.length === lanes.length ? view.laneStates : lanes,
    testcases: selectForRun(view.testcases, event.testcases),
    selected: event.testcases,
    known: null,
    setupFailure: null,
    note: null,
    warning: null,
    outcome: null,
    round: null,
  };
}

function finishRun(view: DashboardView, event: RunFinished & RunEvent): DashboardView {
  const { reason, hint, log } = event;
  const stands = view.laneStates.some(({ client }) => client.state === 'ready');
  const broken = [ExitCode.environment, ExitCode.serverLost, ExitCode.clientLost].some((code) => code === event.exitCode);
  return {
    ...view,
    environment: broken ? 'failed' : stands && view.environment !== 'stopping' ? 'ready' : 'stopped',
    failure: broken ? { reason, hint, log } : null,
    endedAt: timeOf(event),
    outcome: view.round !== null && event.exitCode <= ExitCode.testsFailed ? view.round : reason,
  };
}

/** A lane that was lost is stopped alone, and the others go on: whether the last step of each lane that took one is its end. */
function allStop(phases: readonly PhaseView[]): boolean {
  const last = new Map(phases.map(({ lane, phase }) => [lane, phase]));
  return [...last.values()].every((phase) => phase === 'stop');
}

function reducePhase(view: DashboardView, event: (PhaseStarted | PhaseFinished | ProgressReported) & RunEvent): DashboardView {
  if (event.type === 'phase.started') {
    const begun: PhaseView = {
      phase: event.phase,
      lane: event.lane,
      status: 'running',
      durationMs: null,
      detail: null,
      progress: null,
      startedAt: timeOf(event),
    };
    const phases = [...view.phases.filter(({ phase, lane }) => phase !== event.phase || lane !== event.lane), begun];
    const environment = event.phase === 'stop' && allStop(phases) ? 'stopping' : view.environment;
    return { ...view, environment, phases };
  }
  const change: Partial<PhaseView> =
    event.type === 'progress.reported' ? { progress: event.message } : { status: event.outcome, durationMs: event.durationMs, detail: event.detail };
  const phases = view.phases.map((entry) => (entry.phase === event.phase && entry.lane === event.lane ? { ...entry, ...change } : entry));
  // After the run's end no other event says that all is over.
  const over = view.endedAt !== null && view.environment === 'stopping' && phases.every(({ phase, status }) => phase !== 'stop' || status !== 'running');
  return { ...view, phases, environment: over ? 'stopped' : view.environment };
}

/** Testcases run in a lane until all of the lanes' suites have ended. */
const runsElsewhere = ({ phases }: DashboardView, lane: number): boolean =>
  phases.some((entry) => entry.phase === 'suite' && entry.lane !== lane && entry.status === 'running');

/** The next picture after an event; pure. An event of a newer version changes nothing. */
export function reduceView(view: DashboardView, event: RunEvent): DashboardView {
  switch (event.type) {
    case 'run.started':
      return startRun(view, event);
    case 'run.finished':
      return finishRun(view, event);
    case 'phase.started':
    case 'phase.finished':
    case 'progress.reported':
      return reducePhase(view, event);
    case 'known-failures.read':
      return {
        ...view,
        known: { source: event.source, strict: event.strict, entries: event.entries.map((entry) => ({ ...entry, seen: false, passed: false })) },
      };
    case 'suite.resolved':
      return { ...view, suite: event.suite };
    case 'note.reported':
      return { ...view, note: event.message, warning: event.level === 'warning' ? event.message : view.warning };
    case 'server.started':
    case 'server.ready':
    case 'server.sampled':
    case 'server.exited':
    case 'vm.started':
    case 'vm.ready':
    case 'vm.exited':
    case 'client.connected':
      return { ...view, laneStates: reduceLanes(view.laneStates, event) };
    case 'server.unresponsive':
    case 'vm.faulted':
    case 'client.disconnected':
    case 'engine.lost':
    case 'hang.diagnosed':
    case 'lane.replaced':
      return { ...view, laneStates: reduceLanes(view.laneStates, event), note: describeLossEvent(event), warning: describeLossEvent(event) };
    case 'suite.started':
      return { ...view, environment: 'running', setupFailure: null };
    case 'suite.finished':
      return { ...view, environment: view.environment === 'running' && !runsElsewhere(view, event.lane) ? 'ready' : view.environment };
    case 'round.finished':
      return { ...view, round: `round ${event.number}: ${describeResults(event)} · ${describeTimes(event)}` };
    case 'suite.setup-failed':
      return { ...view, setupFailure: { message: event.message, details: event.details } };
    case 'assertion.finished': {
      const circumstances = { nfsVersion: view.nfsVersion, clientKernel: kernelOf(view), suiteKind: view.suite?.kind ?? null };
      const noted = view.known === null ? null : noteAssertion(view.known, circumstances, event);
      const testcases = reduceTestcase(view.testcases, event, timeOf(event), noted?.entry?.reason ?? null);
      return { ...view, known: noted?.known ?? null, testcases };
    }
    case 'testcase.started':
      return {
        ...view,
        // From here on header and list say how far the tests are.
        phases: view.phases.map((entry) => (entry.phase === 'suite' ? { ...entry, progress: null } : entry)),
        testcases: reduceTestcase(view.testcases, event, timeOf(event)),
      };
    case 'triage.finished':
      return {
        ...view,
        outcome: `${event.testcase}: ${event.blame}`,
        testcases: view.testcases.map((row) => (row.name === event.testcase ? { ...row, triage: event } : row)),
      };
    case 'testcase.finished':
      return { ...view, testcases: reduceTestcase(view.testcases, event, timeOf(event), null, view.nfsVersion) };
    case 'remark.reported':
    case 'testcase.traffic':
      return { ...view, testcases: reduceTestcase(view.testcases, event, timeOf(event)) };
    default:
      return view;
  }
}
