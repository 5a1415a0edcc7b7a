import type { Conclusion } from '../model/events.ts';
import { listRuns } from './read-runs.ts';

export interface EarlierResult {
  readonly verdict: Conclusion;
  /** Null where the suite printed no time. */
  readonly durationMs: number | null;
}

export interface EarlierRuns {
  /** Only runs before this one. */
  readonly before?: string;
  /** Only runs against a server of this name, over this version: another's verdicts say nothing about it. */
  readonly server?: string | null;
  readonly nfsVersion?: string | null;
}

/** What the newest runs found per testcase. Testcases that did not run count as unknown. */
export async function previousResults(runsDir: string, { before, server, nfsVersion }: EarlierRuns = {}): Promise<ReadonlyMap<string, EarlierResult>> {
  const results = new Map<string, EarlierResult>();
  for (const { runId, summary } of await listRuns(runsDir)) {
    if (before !== undefined && runId >= before) continue;
    if (server !== undefined && summary?.server?.name !== server) continue;
    if (nfsVersion !== undefined && summary?.nfsVersion !== nfsVersion) continue;
    for (const { name, verdict, durationMs } of summary?.testcases ?? []) {
      if (verdict !== 'not-run' && !results.has(name)) results.set(name, { verdict, durationMs });
    }
  }
  return results;
}
