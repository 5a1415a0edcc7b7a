import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Conclusion } from '../model/events.ts';
import { emptyRunState, type TestcaseState } from '../model/run-state.ts';
import { type RunSummary, summarise } from '../model/summary.ts';
import { eventsFile, summaryFile } from './run-folder.ts';

export interface FakeTestcase {
  readonly verdict: Conclusion;
  readonly durationMs?: number | null;
  /** Messages of failed assertions; those that begin with `known ` are expected. */
  readonly failures?: readonly string[];
}

/** A summary as a run of these testcases would leave it. */
export function fakeSummary(runId: string, testcases: Readonly<Record<string, FakeTestcase | Conclusion>>, more: Partial<RunSummary> = {}): RunSummary {
  const states = Object.entries(testcases).map(([name, given]): TestcaseState => {
    const { verdict, durationMs = 1000, failures = [] } = typeof given === 'string' ? { verdict: given } : given;
    return {
      name,
      status: verdict,
      passedCount: 1,
      failedCount: failures.length,
      durationMs,
      failures: failures.map((message) => ({ message, details: [], known: message.startsWith('known ') ? 'because' : null })),
      reason: null,
      lane: null,
    };
  });
  const state = {
    ...emptyRunState,
    runId,
    startedAt: '2026-11-24T01:55:03.000Z',
    server: { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' },
    nfsVersion: '3',
    imageId: 'sha256:aaaa',
    testcases: states,
  };
  return { ...summarise(state), exitCode: states.some(({ status }) => status === 'failed') ? 1 : 0, durationMs: 60_000, ...more };
}

/** Keeps a summary as a run's folder. */
export async function keepSummary(runsDir: string, summary: RunSummary): Promise<void> {
  const dir = join(runsDir, summary.runId ?? '');
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, eventsFile), '');
  await writeFile(join(dir, summaryFile), JSON.stringify(summary));
}
