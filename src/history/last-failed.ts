import { listRuns } from './read-runs.ts';

export interface LastFailedQuery {
  /** Image name without tag. */
  readonly serverName: string;
  readonly nfsVersion: string;
}

/**
 * The testcases whose newest verdict on a server is `failed`, and those that were selected in its newest run and did not run to their end.
 * Known failures are not among them.
 *
 * @returns null where no run of that server and version is kept.
 */
export async function lastFailed(runsDir: string, { serverName, nfsVersion }: LastFailedQuery): Promise<readonly string[] | null> {
  const runs = (await listRuns(runsDir)).flatMap(({ summary }) =>
    summary !== null && summary.server?.name === serverName && summary.nfsVersion === nfsVersion && summary.testcases.length > 0 ? [summary] : [],
  );
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
