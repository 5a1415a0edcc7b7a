import type { AssertionFinished, LogChannel, Phase, RunEvent } from '../model/events.ts';
import { emptyRunState, type RunState, reduce, type TestcaseState } from '../model/run-state.ts';
import type { Section } from './sections.ts';
import { outputByTestcase } from './suite-output.ts';
import { trafficSections } from './traffic-sections.ts';

/** One line of the suite that passed or failed. */
export interface AssertionReport extends Pick<AssertionFinished, 'verdict' | 'message' | 'passedCount' | 'failedCount' | 'details'> {
  /** Why its failure is expected; null where it is not, or where it passed. */
  readonly known: string | null;
  /** Since the run began. */
  readonly atMs: number;
  /** Since the assertion before it, or the testcase's start. */
  readonly durationMs: number;
}

export interface TestcaseReport extends TestcaseState {
  /** Since the run began; null where it did not start. */
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** Wall time of its start, ISO 8601; null where it is not known. */
  readonly startedAt: string | null;
  readonly assertions: readonly AssertionReport[];
  /** Lines of the suite that are no assertion but matter. */
  readonly remarks: readonly string[];
  /** What the suite printed. */
  readonly output: readonly string[];
  /** Anything else that is known of it, in the order in which it is shown. */
  readonly sections: readonly Section[];
}

/** A span of the run's time. */
export interface PhaseSpan {
  readonly phase: Phase;
  readonly lane: number;
  readonly status: RunState['phases'][number]['status'];
  readonly detail: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** Everything that a report of a run shows. */
export interface Report {
  readonly state: RunState;
  readonly events: readonly RunEvent[];
  readonly testcases: readonly TestcaseReport[];
  readonly phases: readonly PhaseSpan[];
  /** Length of the run's time. */
  readonly durationMs: number;
  /** Anything else that is known of the run. */
  readonly sections: readonly Section[];
}

export interface ReportInput {
  readonly events: readonly RunEvent[];
  /** Lines of the run's logs, as far as they are there. */
  readonly logs?: Readonly<Partial<Record<LogChannel, readonly string[]>>>;
  /** The state that a log of elsewhere tells of, which says more than its events; left out: rebuilt from the events. */
  readonly state?: RunState;
  readonly sections?: readonly Section[];
  readonly testcaseSections?: ReadonlyMap<string, readonly Section[]>;
}

/** What is gathered per testcase while the events go by. */
interface Gathered {
  startedAtMs: number;
  startedAt: string;
  endedAtMs: number | null;
  assertions: AssertionReport[];
  remarks: string[];
}

function gather(events: readonly RunEvent[]): ReadonlyMap<string, Gathered> {
  const testcases = new Map<string, Gathered>();
  for (const event of events) {
    if (event.type === 'testcase.started') {
      testcases.set(event.testcase, { startedAtMs: event.atMs, startedAt: event.time, endedAtMs: null, assertions: [], remarks: [] });
    }
    const entry = 'testcase' in event && event.testcase !== null ? testcases.get(event.testcase) : undefined;
    if (entry === undefined) continue;
    if (event.type === 'assertion.finished') {
      const { verdict, message, passedCount, failedCount, details, atMs } = event;
      const durationMs = Math.max(0, atMs - (entry.assertions.at(-1)?.atMs ?? entry.startedAtMs));
      entry.assertions.push({ verdict, message, passedCount, failedCount, details, known: null, atMs, durationMs });
    }
    if (event.type === 'remark.reported') entry.remarks.push(`${event.level}: ${event.message}`);
    if (event.type === 'testcase.finished') entry.endedAtMs = event.atMs;
  }
  return testcases;
}

/** The state knows of each failed assertion, in their order, whether it is expected. */
function withKnown(assertions: readonly AssertionReport[], { failures }: TestcaseState): AssertionReport[] {
  let failed = 0;
  return assertions.map((assertion) => (assertion.verdict === 'failed' ? { ...assertion, known: failures[failed++]?.known ?? null } : assertion));
}

function phaseSpans(state: RunState, events: readonly RunEvent[], endMs: number): PhaseSpan[] {
  return state.phases.map(({ phase, lane, status, detail }) => {
    const mine = (event: RunEvent) => 'phase' in event && event.phase === phase && event.lane === lane;
    const started = events.findLast((event) => event.type === 'phase.started' && mine(event))?.atMs ?? 0;
    const ended = events.findLast((event) => event.type === 'phase.finished' && mine(event))?.atMs ?? endMs;
    return { phase, lane, status, detail, startedAtMs: started, endedAtMs: Math.max(started, ended) };
  });
}

/** Puts together what a report of a run shows. */
export function buildReport({ events, logs = {}, state: given, sections = [], testcaseSections = new Map() }: ReportInput): Report {
  const testcases = gather(events);
  const state = given ?? events.reduce<RunState>((before, event) => (reduce(before, event) as RunState | undefined) ?? before, emptyRunState);
  const output = outputByTestcase(logs.suite ?? []);
  const durationMs = Math.max(state.result?.durationMs ?? 0, events.at(-1)?.atMs ?? 0);
  return {
    state,
    events,
    durationMs,
    sections,
    phases: phaseSpans(state, events, durationMs),
    testcases: state.testcases.map((testcase) => {
      const gathered = testcases.get(testcase.name);
      return {
        ...testcase,
        startedAtMs: gathered?.startedAtMs ?? null,
        endedAtMs: gathered?.endedAtMs ?? (gathered ? durationMs : null),
        startedAt: gathered?.startedAt || null,
        assertions: withKnown(gathered?.assertions ?? [], testcase),
        remarks: gathered?.remarks ?? [],
        output: output.get(testcase.name) ?? [],
        sections: [...(testcaseSections.get(testcase.name) ?? []), ...trafficSections(testcase)],
      };
    }),
  };
}
