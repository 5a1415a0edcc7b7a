import { ofSuite, type SuiteQuery } from './comparable.ts';
import { listRuns } from './read-runs.ts';

export interface LastFailedQuery extends SuiteQuery {
  /** Image name without tag. */
  readonly serverName: string;
  readonly nfsVersion: string;
}

/**
 * The testcases whose newest verdict on a server is `failed`, and those that were selected in its newest run and did not run to their end.
 * Known failures are not among them. See `ofSuite` for which runs count.
 *
 * @returns null where no such run is kept.
 */
export async function lastFailed(runsDir: string, { serverName, nfsVersion, ...suite }: LastFailedQuery): Promise<readonly string[] | null> {
  const ofServer = (await listRuns(runsDir)).flatMap(({ summary }) =>
    summary !== null && summary.server?.name === serverName && summary.nfsVersion === nfsVersion && summary.testcases.length > 0 ? [summary] : [],
  );
  const runs = ofSuite(ofServer, suite);
  if (runs.length === 0) return null;
  const decided = new Map<string, boolean>();
  for (const [age, { testcases }] of runs.entries()) {
    for (const { name, verdict } of testcases) {
      if (decided.has(name) || (verdict === 'not-run' && age > 0)) continue;
      decided.set(name, verdict === 'failed' || verdict === 'not-run');
    }
  }
  return [...decided].filter(([, failed]) => failed).map(([name]) => name);
}
