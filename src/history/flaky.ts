import { scriptOf } from '../model/suite-script.ts';
import type { RunSummary } from '../model/summary.ts';

/** A testcase that passed in some runs of the same server image and failed in others. */
export interface FlakyTestcase {
  readonly testcase: string;
  readonly passed: number;
  readonly failed: number;
  readonly imageId: string;
  readonly server: string;
  readonly nfsVersion: string | null;
  /** Script of NFStest. */
  readonly script: string;
}

/** Over how many runs of an image flaky testcases are looked for. */
export const flakyWindow = 10;

/** The same server, asked the same way by the same script of the same suite. */
const keyOf = ({ imageId, nfsVersion, suite, clientKernel }: RunSummary) =>
  JSON.stringify([imageId, nfsVersion, suite?.kind, scriptOf(suite), suite?.version, clientKernel]);

/**
 * Testcases with mixed verdicts among the newest runs of the same image, version, suite and client kernel.
 * A testcase that did not run to its end counts for nothing, and runs that do not know their image are left out.
 *
 * @param summaries newest first.
 */
export function findFlaky(summaries: readonly RunSummary[], window: number = flakyWindow): readonly FlakyTestcase[] {
  const groups = Map.groupBy(
    summaries.filter(({ imageId, testcases }) => imageId && testcases.length > 0),
    keyOf,
  );
  return [...groups.values()].flatMap((group) => {
    const runs = group.slice(0, window);
    const names = [...new Set(runs.flatMap(({ testcases }) => testcases.map(({ name }) => name)))];
    return names.flatMap((testcase): FlakyTestcase[] => {
      const verdicts = runs.flatMap(({ testcases }) => testcases.find(({ name }) => name === testcase)?.verdict ?? []);
      const passed = verdicts.filter((verdict) => verdict === 'passed').length;
      const failed = verdicts.filter((verdict) => verdict === 'failed' || verdict === 'known').length;
      const [first] = runs;
      if (passed === 0 || failed === 0 || !first?.imageId) return [];
      return [
        {
          testcase,
          passed,
          failed,
          imageId: first.imageId,
          server: first.server?.image ?? 'unknown server',
          nfsVersion: first.nfsVersion,
          script: scriptOf(first.suite),
        },
      ];
    });
  });
}
