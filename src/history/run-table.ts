import { scriptOf } from '../model/suite-script.ts';
import type { RunSummary } from '../model/summary.ts';
import { comparable } from './comparable.ts';
import { compareRuns } from './compare-runs.ts';
import type { KeptRun } from './read-runs.ts';

/** How a run differs from what was known before it. */
export interface Delta {
  readonly newlyFailing: readonly string[];
  readonly newlyPassing: readonly string[];
}

/** A row of the table of runs. */
export interface RunRow {
  readonly runId: string;
  readonly startedAt: string | null;
  readonly server: string | null;
  readonly nfsVersion: string | null;
  readonly suite: string | null;
  /** Script of NFStest. */
  readonly script: string;
  readonly exitCode: number | null;
  readonly durationMs: number | null;
  readonly totals: RunSummary['totals'] | null;
  /** Null where nothing comparable was known before. */
  readonly delta: Delta | null;
}

/** The newest earlier result of each testcase to the same question. */
function knownBefore(summary: RunSummary, earlier: readonly KeptRun[]): RunSummary['testcases'] {
  const known = new Map<string, RunSummary['testcases'][number]>();
  for (const run of earlier) {
    if (run.summary === null || !comparable(summary, run.summary)) continue;
    for (const testcase of run.summary.testcases) if (testcase.verdict !== 'not-run' && !known.has(testcase.name)) known.set(testcase.name, testcase);
  }
  return [...known.values()];
}

function deltaOf(summary: RunSummary, earlier: readonly KeptRun[]): Delta | null {
  const testcases = knownBefore(summary, earlier);
  const common = summary.testcases.filter(({ name }) => testcases.some((testcase) => testcase.name === name));
  if (common.length === 0) return null;
  const { newlyFailing, newlyPassing } = compareRuns({ testcases }, { testcases: common });
  return { newlyFailing: newlyFailing.map(({ testcase }) => testcase), newlyPassing: newlyPassing.map(({ testcase }) => testcase) };
}

/** @param runs newest first. */
export const runRows = (runs: readonly KeptRun[]): RunRow[] =>
  runs.map(({ runId, summary }, index) => ({
    runId,
    startedAt: summary?.startedAt ?? null,
    server: summary?.server?.image ?? null,
    nfsVersion: summary?.nfsVersion ?? null,
    suite: summary?.suite?.kind ?? null,
    script: scriptOf(summary?.suite ?? null),
    exitCode: summary?.exitCode ?? null,
    durationMs: summary?.durationMs ?? null,
    totals: summary === null || summary.testcases.length === 0 ? null : summary.totals,
    delta: summary === null ? null : deltaOf(summary, runs.slice(index + 1)),
  }));
