import type { Conclusion } from '../model/events.ts';
import { stable } from '../model/known-failures.ts';
import type { RunSummary, TestcaseSummary } from '../model/summary.ts';

/** A testcase whose verdict is another one, or that is slower; null where a run does not know it. */
export interface Change {
  readonly testcase: string;
  readonly before: Conclusion | null;
  readonly after: Conclusion | null;
  readonly beforeMs: number | null;
  readonly afterMs: number | null;
  /** Assertions that fail now, and did not before; known ones are not among them. */
  readonly newFailures: readonly string[];
}

export interface Comparison {
  readonly newlyFailing: readonly Change[];
  readonly newlyPassing: readonly Change[];
  /** Selected in the second run without running to their end, and passed before. */
  readonly lost: readonly Change[];
  readonly slower: readonly Change[];
  /** What one run selected and the other did not. */
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
  /** Testcases with the same verdict. */
  readonly unchanged: number;
}

/** Times vary with the machine: only a testcase that takes both half as long again and two seconds more counts as slower. */
const slowerFactor = 1.5;
const slowerByMs = 2000;

const messages = (testcase: TestcaseSummary | undefined): readonly string[] =>
  (testcase?.failures ?? []).filter(({ known = null }) => known === null).map(({ message }) => stable(message));

function isSlower({ beforeMs, afterMs }: Change): boolean {
  return beforeMs !== null && afterMs !== null && afterMs >= beforeMs * slowerFactor && afterMs - beforeMs >= slowerByMs;
}

/**
 * What changed from one run to another.
 *
 * @param sameSuite false: the two have testcases of the same names that are not the same, so only their verdicts are compared.
 */
export function compareRuns(a: Pick<RunSummary, 'testcases'>, b: Pick<RunSummary, 'testcases'>, { sameSuite = true } = {}): Comparison {
  const before = new Map(a.testcases.map((testcase) => [testcase.name, testcase]));
  const after = new Map(b.testcases.map((testcase) => [testcase.name, testcase]));
  const changes = b.testcases.map((testcase): Change => {
    const earlier = before.get(testcase.name);
    const old = messages(earlier);
    return {
      testcase: testcase.name,
      before: earlier?.verdict ?? null,
      after: testcase.verdict,
      beforeMs: earlier?.durationMs ?? null,
      afterMs: testcase.durationMs,
      newFailures: sameSuite && testcase.verdict === 'failed' ? messages(testcase).filter((message) => !old.includes(message)) : [],
    };
  });
  return {
    newlyFailing: changes.filter((change) => change.after === 'failed' && (change.before !== 'failed' || change.newFailures.length > 0)),
    newlyPassing: changes.filter((change) => change.after === 'passed' && (change.before === 'failed' || change.before === 'known')),
    lost: changes.filter((change) => change.after === 'not-run' && (change.before === 'passed' || change.before === 'known')),
    slower: changes.filter((change) => sameSuite && change.after !== 'not-run' && change.before !== 'not-run' && isSlower(change)),
    onlyBefore: a.testcases.filter(({ name }) => !after.has(name)).map(({ name }) => name),
    onlyAfter: b.testcases.filter(({ name }) => !before.has(name)).map(({ name }) => name),
    unchanged: changes.filter((change) => change.before === change.after).length,
  };
}

/** Whether the second run is worse in what it tells of the server. */
export const hasNewFailures = ({ newlyFailing, lost }: Comparison): boolean => newlyFailing.length + lost.length > 0;
