import type { Phase, RunEvent, RunFinished, ServerIdentity, SuiteIdentity, Verdict } from './events.ts';

/** One testcase as a screen or a report shows it. */
export interface TestcaseState {
  readonly name: string;
  /** `pending` before, `running` during; a verdict after. */
  readonly status: 'pending' | 'running' | Verdict;
  readonly passedCount: number;
  readonly failedCount: number;
  readonly durationMs: number | null;
  /** Message and continuation lines of each failed assertion. */
  readonly failures: readonly { readonly message: string; readonly details: readonly string[] }[];
  readonly reason: string | null;
}

export interface PhaseState {
  readonly phase: Phase;
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
  readonly clientKernel: string | null;
  readonly accelerator: string | null;
  readonly containerName: string | null;
  readonly serverReady: boolean;
  readonly vmReady: boolean;
  readonly sample: { readonly state: string; readonly cpuPercent: number; readonly memoryBytes: number; readonly restarts: number } | null;
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
  clientKernel: null,
  accelerator: null,
  containerName: null,
  serverReady: false,
  vmReady: false,
  sample: null,
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
});

/** Changes one testcase; one that was not announced (an imported log) is added at the end. */
function withTestcase(state: RunState, name: string, change: (testcase: TestcaseState) => TestcaseState): RunState {
  const known = state.testcases.some((testcase) => testcase.name === name);
  const testcases = known ? state.testcases : [...state.testcases, pending(name)];
  return { ...state, testcases: testcases.map((testcase) => (testcase.name === name ? change(testcase) : testcase)) };
}

function withPhase(state: RunState, phase: Phase, change: Partial<PhaseState>): RunState {
  return { ...state, phases: state.phases.map((entry) => (entry.phase === phase ? { ...entry, ...change } : entry)) };
}

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
        testcases: event.testcases.map(pending),
      };
    case 'suite.resolved':
      return { ...state, suite: event.suite };
    case 'phase.started':
      return {
        ...state,
        phases: [
          ...state.phases.filter((entry) => entry.phase !== event.phase),
          { phase: event.phase, status: 'running', durationMs: null, detail: null, progress: null },
        ],
      };
    case 'phase.finished':
      return withPhase(state, event.phase, { status: event.outcome, durationMs: event.durationMs, detail: event.detail });
    case 'progress.reported':
      return withPhase(state, event.phase, { progress: event.message });
    case 'note.reported':
      return { ...state, notes: [...state.notes, { level: event.level, message: event.message }] };
    case 'server.started':
      return { ...state, containerName: event.containerName };
    case 'server.ready':
      return { ...state, serverReady: true };
    case 'server.sampled':
      return {
        ...state,
        sample: { state: event.state, cpuPercent: event.cpuPercent, memoryBytes: event.memoryBytes, restarts: event.restarts },
      };
    case 'server.exited':
      return { ...state, serverReady: false };
    case 'vm.started':
      return { ...state, accelerator: event.accelerator };
    case 'vm.ready':
      return { ...state, vmReady: true };
    case 'vm.exited':
      return { ...state, vmReady: false };
    case 'client.connected':
      return { ...state, clientKernel: event.kernel };
    case 'testcase.started':
      return withTestcase(state, event.testcase, () => ({ ...pending(event.testcase), status: 'running' }));
    case 'assertion.finished':
      return withTestcase(state, event.testcase, (testcase) => ({
        ...testcase,
        passedCount: testcase.passedCount + event.passedCount,
        failedCount: testcase.failedCount + event.failedCount,
        failures: event.verdict === 'failed' ? [...testcase.failures, { message: event.message, details: event.details }] : testcase.failures,
      }));
    case 'testcase.finished':
      return withTestcase(state, event.testcase, (testcase) => ({
        ...testcase,
        status: event.verdict,
        passedCount: event.passedCount,
        failedCount: event.failedCount,
        durationMs: event.durationMs,
        reason: event.reason,
      }));
    case 'suite.setup-failed':
      return { ...state, setupFailure: { message: event.message, details: event.details } };
    case 'suite.finished':
      return { ...state, suiteExitCode: event.exitCode };
    case 'run.finished':
      return {
        ...state,
        result: { exitCode: event.exitCode, reason: event.reason, hint: event.hint, log: event.log, durationMs: event.durationMs },
      };
    case 'suite.started':
    case 'remark.reported':
    case 'round.finished':
      return state;
  }
}
