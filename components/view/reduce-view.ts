import type { PhaseFinished, PhaseStarted, ProgressReported, RunEvent, RunFinished, RunStarted } from '../../src/model/events.ts';
import { ExitCode } from '../../src/model/exit-codes.ts';
import { noteAssertion } from '../../src/model/known-failures.ts';
import { describeLossEvent } from '../../src/model/loss-events.ts';
import { describeResults, describeTimes } from '../../src/model/round-book.ts';
import type { ContainerView, DashboardView, PhaseView } from './dashboard-view.ts';
import { reduceTestcase, selectForRun } from './reduce-testcase.ts';

const timeOf = (event: RunEvent): number => Date.parse(event.time);

/** A run in an environment that stands keeps what is known of it; otherwise everything but the testcases starts anew. */
function startRun(view: DashboardView, event: RunStarted & RunEvent): DashboardView {
  const again = view.environment === 'ready' || view.environment === 'running';
  return {
    ...view,
    environment: again ? view.environment : 'starting',
    failure: null,
    runId: event.runId,
    server: event.server,
    nfsVersion: event.nfsVersion,
    startedAt: again ? view.startedAt : timeOf(event),
    endedAt: null,
    phases: again ? view.phases : [],
    container: again ? view.container : { ...view.container, image: event.server.image, state: null, startedAt: null },
    client: again ? view.client : { ...view.client, state: 'off' },
    testcases: selectForRun(view.testcases, event.testcases),
    selected: event.testcases,
    known: null,
    setupFailure: null,
    note: null,
    outcome: null,
    round: null,
  };
}

function finishRun(view: DashboardView, event: RunFinished & RunEvent): DashboardView {
  const { reason, hint, log } = event;
  const broken = [ExitCode.environment, ExitCode.serverLost, ExitCode.clientLost].some((code) => code === event.exitCode);
  return {
    ...view,
    environment: broken ? 'failed' : view.client.state === 'ready' && view.environment !== 'stopping' ? 'ready' : 'stopped',
    failure: broken ? { reason, hint, log } : null,
    endedAt: timeOf(event),
    outcome: view.round !== null && event.exitCode <= ExitCode.testsFailed ? view.round : reason,
  };
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
    const environment = event.phase === 'stop' ? 'stopping' : view.environment;
    return { ...view, environment, phases: [...view.phases.filter(({ phase, lane }) => phase !== event.phase || lane !== event.lane), begun] };
  }
  const change: Partial<PhaseView> =
    event.type === 'progress.reported' ? { progress: event.message } : { status: event.outcome, durationMs: event.durationMs, detail: event.detail };
  return { ...view, phases: view.phases.map((entry) => (entry.phase === event.phase && entry.lane === event.lane ? { ...entry, ...change } : entry)) };
}

const withContainer = (view: DashboardView, change: Partial<ContainerView>): DashboardView => ({ ...view, container: { ...view.container, ...change } });

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
      return { ...view, note: event.message };
    case 'server.started':
      return withContainer(view, {
        name: event.containerName,
        image: event.image,
        port: event.nfsPort,
        state: 'started',
        startedAt: timeOf(event),
        restarts: 0,
      });
    case 'server.ready':
      return withContainer(view, { state: 'ready' });
    case 'server.sampled': {
      const { state, cpuPercent, memoryBytes, restarts } = event;
      return withContainer(view, { state: state === 'running' ? (view.container.state ?? state) : state, cpuPercent, memoryBytes, restarts });
    }
    case 'server.exited': {
      const how = event.outOfMemory ? 'out of memory' : event.unexpected ? `died (${event.exitCode ?? '?'})` : 'exited';
      return withContainer(view, { state: how, startedAt: null, cpuPercent: null, memoryBytes: null });
    }
    case 'server.unresponsive':
      return { ...withContainer(view, { state: 'does not answer' }), note: describeLossEvent(event) };
    case 'vm.faulted':
    case 'client.disconnected':
    case 'engine.lost':
    case 'hang.diagnosed':
    case 'lane.replaced':
      return { ...view, note: describeLossEvent(event) };
    case 'vm.started':
      return { ...view, client: { ...view.client, state: 'booting', accelerator: event.accelerator } };
    case 'vm.ready':
      return { ...view, client: { ...view.client, state: 'ready' } };
    case 'vm.exited':
      return { ...view, client: { ...view.client, state: event.unexpected ? 'gone' : 'off' } };
    case 'client.connected':
      return {
        ...view,
        // Of a server that was taken up no event says that it is ready.
        container: view.container.state === 'started' ? { ...view.container, state: 'running' } : view.container,
        client: { ...view.client, state: 'ready', kernel: event.kernel },
      };
    case 'suite.started':
      return { ...view, environment: 'running', setupFailure: null };
    case 'suite.finished':
      return { ...view, environment: view.environment === 'running' ? 'ready' : view.environment };
    case 'round.finished':
      return { ...view, round: `round ${event.number}: ${describeResults(event)} · ${describeTimes(event)}` };
    case 'suite.setup-failed':
      return { ...view, setupFailure: { message: event.message, details: event.details } };
    case 'assertion.finished': {
      const circumstances = { nfsVersion: view.nfsVersion, clientKernel: view.client.kernel, suiteKind: view.suite?.kind ?? null };
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
