import { type Phase, phaseTitles, type RunEvent } from '../model/events.ts';
import { formatDuration } from '../model/format.ts';
import { textTable } from '../reporters/text-table.ts';

/** A step of a run on the run's clock. A step that a run does twice, such as the login before a VM is saved and the one after, has two. */
export interface StepTiming {
  readonly phase: Phase;
  /** 0-based. */
  readonly lane: number;
  readonly startedAtMs: number;
  /** Null where it was not finished. */
  readonly durationMs: number | null;
  readonly outcome: 'ok' | 'failed' | 'cancelled' | null;
}

export interface RunTimings {
  readonly runId: string;
  readonly steps: readonly StepTiming[];
  /** When the first testcase began, from the run's beginning; null where none did. */
  readonly firstTestcaseMs: number | null;
}

/** Reads the steps of a run out of its events. */
export function timingsOf(events: readonly RunEvent[]): RunTimings {
  const steps: StepTiming[] = [];
  for (const event of events) {
    if (event.type === 'phase.started') steps.push({ phase: event.phase, lane: event.lane, startedAtMs: event.atMs, durationMs: null, outcome: null });
    if (event.type !== 'phase.finished') continue;
    const index = steps.findLastIndex(({ phase, lane, outcome }) => phase === event.phase && lane === event.lane && outcome === null);
    const begun = steps[index];
    if (begun) steps[index] = { ...begun, durationMs: event.durationMs, outcome: event.outcome };
  }
  const first = events.find(({ type }) => type === 'testcase.started');
  return { runId: events[0]?.runId ?? '', steps, firstTestcaseMs: first?.atMs ?? null };
}

/** Lines for people: when each step began and how long it took. */
export function timingLines({ runId, steps, firstTestcaseMs }: RunTimings): string[] {
  const lanes = new Set(steps.map(({ lane }) => lane)).size > 1;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  const rows = steps.map(({ phase, lane, startedAtMs, durationMs, outcome }) => [
    phaseTitles[phase],
    ...(lanes ? [String(lane + 1)] : []),
    seconds(startedAtMs),
    durationMs === null ? '-' : durationMs < 60_000 ? seconds(durationMs) : formatDuration(durationMs),
    outcome === 'ok' ? '' : (outcome ?? 'not finished'),
  ]);
  const columns = [
    { title: 'step' },
    ...(lanes ? [{ title: 'lane' }] : []),
    { title: 'began at', align: 'right' as const },
    { title: 'took', align: 'right' as const },
    { title: '' },
  ];
  const first = firstTestcaseMs === null ? [] : ['', `first testcase after ${seconds(firstTestcaseMs)}`];
  return [`timings of run ${runId}`, ...textTable(columns, rows), ...first];
}
