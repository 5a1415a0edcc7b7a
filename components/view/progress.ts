import type { DashboardView, TestcaseView } from './dashboard-view.ts';

export interface Progress {
  readonly selected: number;
  readonly passed: number;
  readonly failed: number;
  /** Failed as expected. */
  readonly known: number;
  readonly notRun: number;
  /** Done part of the selected testcases, 0 to 1; by time where earlier durations are known, otherwise by number. */
  readonly fraction: number;
  /** Estimated from earlier durations; null where there are none, or where nothing runs. */
  readonly remainingMs: number | null;
}

const isDone = ({ status }: TestcaseView) => status === 'passed' || status === 'failed' || status === 'known' || status === 'not-run';

/** How long a testcase takes, from the last time it ran to its end. */
const usualMs = ({ previous }: TestcaseView): number | null => (previous === null || previous.verdict === 'not-run' ? null : previous.durationMs);

/** How far the run is. `now` in epoch milliseconds. */
export function progressOf({ testcases, selected, environment }: DashboardView, now: number): Progress {
  const rows = testcases.filter(({ name }) => selected.includes(name));
  const count = (status: TestcaseView['status']) => rows.filter((row) => row.status === status).length;
  const done = rows.filter(isDone).length;
  const usual = rows.flatMap((row) => usualMs(row) ?? []);
  const counts = { selected: rows.length, passed: count('passed'), failed: count('failed'), known: count('known'), notRun: count('not-run') };
  const byNumber = rows.length === 0 ? 0 : done / rows.length;
  if (usual.length === 0) return { ...counts, fraction: byNumber, remainingMs: null };

  // One that has never run is taken for an average one.
  const averageMs = usual.reduce((sum, value) => sum + value, 0) / usual.length;
  const totalMs = rows.reduce((sum, row) => sum + (usualMs(row) ?? averageMs), 0);
  const remainingMs = rows.reduce((sum, row) => {
    if (isDone(row)) return sum;
    return sum + Math.max(0, (usualMs(row) ?? averageMs) - (row.startedAt === null ? 0 : now - row.startedAt));
  }, 0);
  const fraction = done === rows.length ? 1 : totalMs === 0 ? byNumber : 1 - remainingMs / totalMs;
  return { ...counts, fraction, remainingMs: environment === 'running' ? remainingMs : null };
}
