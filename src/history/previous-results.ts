import type { Conclusion } from '../model/events.ts';
import { ofSuite, type SuiteQuery } from './comparable.ts';
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
  /** Only runs of this suite: another script has other testcases, another suite takes other times. */
  readonly suite?: SuiteQuery;
}

/** What the newest runs found per testcase. Testcases that did not run count as unknown. */
export async function previousResults(runsDir: string, { before, server, nfsVersion, suite }: EarlierRuns = {}): Promise<ReadonlyMap<string, EarlierResult>> {
  const results = new Map<string, EarlierResult>();
  const found = (await listRuns(runsDir)).flatMap(({ runId, summary }) => {
    if (summary === null || (before !== undefined && runId >= before)) return [];
    if (server !== undefined && summary.server?.name !== server) return [];
    return nfsVersion !== undefined && summary.nfsVersion !== nfsVersion ? [] : [summary];
  });
  for (const summary of suite === undefined ? found : ofSuite(found, suite)) {
    for (const { name, verdict, durationMs } of summary.testcases) {
      if (verdict !== 'not-run' && !results.has(name)) results.set(name, { verdict, durationMs });
    }
  }
  return results;
}
