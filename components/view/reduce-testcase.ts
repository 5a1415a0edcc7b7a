import type { AssertionFinished, Conclusion, EventStamp, RemarkReported, TestcaseFinished, TestcaseStarted, TestcaseTraffic } from '../../src/model/events.ts';
import { idleTestcase, type PreviousResult, type TestcaseView } from './dashboard-view.ts';

type TestcaseEvent = TestcaseStarted | AssertionFinished | RemarkReported | TestcaseFinished | TestcaseTraffic;

/** What the row shows becomes what it showed last time. */
const previousOf = ({ status, durationMs, previous }: TestcaseView): PreviousResult | null =>
  status === 'passed' || status === 'failed' || status === 'known' || status === 'not-run' ? { verdict: status, durationMs } : previous;

/** The rows at the start of a run: the selected ones wait, the others keep what they show. */
export function selectForRun(testcases: readonly TestcaseView[], selected: readonly string[]): readonly TestcaseView[] {
  const unknown = selected.filter((name) => !testcases.some((testcase) => testcase.name === name));
  const all = [...testcases, ...unknown.map((name) => idleTestcase({ name, description: '' }, null))];
  return all.map((testcase) => (selected.includes(testcase.name) ? { ...idleTestcase(testcase, previousOf(testcase)), status: 'pending' } : testcase));
}

function change(testcase: TestcaseView, event: TestcaseEvent & EventStamp, time: number, known: string | null, nfsVersion: string | null): TestcaseView {
  switch (event.type) {
    case 'testcase.started':
      return {
        ...idleTestcase(testcase, testcase.status === 'pending' ? testcase.previous : previousOf(testcase)),
        status: 'running',
        startedAt: time,
        lane: event.lane,
      };
    case 'assertion.finished': {
      const { verdict, message, passedCount, failedCount, details } = event;
      return {
        ...testcase,
        passedCount: testcase.passedCount + passedCount,
        failedCount: testcase.failedCount + failedCount,
        assertions: [...testcase.assertions, { verdict, message, passedCount, failedCount, details, known }],
      };
    }
    case 'remark.reported':
      return { ...testcase, remarks: [...testcase.remarks, `${event.level}: ${event.message}`] };
    case 'testcase.traffic': {
      const { capture, complete, command, problem, totals, windows } = event;
      return { ...testcase, traffic: { capture, complete, command, problem, totals, windows } };
    }
    case 'testcase.finished': {
      const { verdict, passedCount, failedCount, durationMs, reason } = event;
      const failures = testcase.assertions.filter((assertion) => assertion.verdict === 'failed');
      const expected = verdict === 'failed' && failures.length > 0 && failures.every((failure) => failure.known !== null);
      const conclusion: Conclusion = expected ? 'known' : verdict;
      const versions = nfsVersion === null ? testcase.versions : { ...testcase.versions, [nfsVersion]: conclusion };
      return { ...testcase, versions, status: conclusion, passedCount, failedCount, durationMs, reason };
    }
  }
}

/**
 * The rows after an event of one testcase; one that is not in the catalog is added at the end.
 *
 * @param nfsVersion the version that the run is over, where a verdict is to be kept for it.
 * @param known why a failed assertion is expected; null where it is not.
 */
export function reduceTestcase(
  testcases: readonly TestcaseView[],
  event: TestcaseEvent & EventStamp,
  time: number,
  known: string | null = null,
  nfsVersion: string | null = null,
): readonly TestcaseView[] {
  const name = event.testcase;
  if (name === null) return testcases;
  const listed = testcases.some((testcase) => testcase.name === name);
  const rows = listed ? testcases : [...testcases, idleTestcase({ name, description: '' }, null)];
  return rows.map((testcase) => (testcase.name === name ? change(testcase, event, time, known, nfsVersion) : testcase));
}
