import type { Conclusion } from '../model/events.ts';
import { listRuns } from './read-runs.ts';

export interface EarlierResult {
  readonly verdict: Conclusion;
  /** Null where the suite printed no time. */
  readonly durationMs: number | null;
}

/** What the newest runs found per testcase; those before the run `before` where it is given. Testcases that did not run count as unknown. */
export async function previousResults(runsDir: string, before?: string): Promise<ReadonlyMap<string, EarlierResult>> {
  const results = new Map<string, EarlierResult>();
  for (const { runId, summary } of await listRuns(runsDir)) {
    if (before !== undefined && runId >= before) continue;
    for (const { name, verdict, durationMs } of summary?.testcases ?? []) {
      if (verdict !== 'not-run' && !results.has(name)) results.set(name, { verdict, durationMs });
    }
  }
  return results;
}
