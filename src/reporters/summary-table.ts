import { formatDuration } from '../model/format.ts';
import type { RunState, TestcaseState } from '../model/run-state.ts';
import { totalsOf } from '../model/verdict.ts';

interface Row {
  readonly name: string;
  readonly verdict: string;
  readonly assertions: string;
  readonly time: string;
  readonly remark: string;
}

const verdictWords: Readonly<Record<TestcaseState['status'], string>> = {
  passed: 'passed',
  failed: 'FAILED',
  known: 'known',
  'not-run': 'not run',
  // Seen only where a run ended without its suite.
  pending: 'not run',
  running: 'not run',
};

/** `254/256`: passed and all assertions. */
export function assertionCount({ passedCount, failedCount }: Pick<TestcaseState, 'passedCount' | 'failedCount'>): string {
  return `${passedCount}/${passedCount + failedCount}`;
}

function totalsRow(state: RunState): Row {
  const { passed, failed, known, notRun, assertionsPassed, assertionsFailed } = totalsOf(state.testcases);
  const measured = state.testcases.flatMap((testcase) => testcase.durationMs ?? []);
  const parts = [
    `${passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(known > 0 ? [`${known} known`] : []),
    ...(notRun > 0 ? [`${notRun} not run`] : []),
  ];
  return {
    name: 'total',
    verdict: parts.join(', '),
    assertions: assertionCount({ passedCount: assertionsPassed, failedCount: assertionsFailed }),
    time: measured.length === 0 ? '' : formatDuration(measured.reduce((sum, durationMs) => sum + durationMs, 0)),
    remark: '',
  };
}

/** Lines of an aligned table, one per testcase and one for the totals; empty where nothing was selected. */
export function summaryTable(state: RunState): string[] {
  if (state.testcases.length === 0) return [];
  if (state.testcases.every((testcase) => testcase.status !== 'passed' && testcase.status !== 'failed' && testcase.status !== 'known')) {
    return [`not run  ${state.testcases.map((testcase) => testcase.name).join(', ')}`];
  }
  const rows: Row[] = [
    { name: 'testcase', verdict: 'verdict', assertions: 'assertions', time: 'time', remark: '' },
    ...state.testcases.map((testcase) => ({
      name: testcase.name,
      verdict: verdictWords[testcase.status],
      assertions: assertionCount(testcase),
      time: testcase.durationMs === null ? '' : formatDuration(testcase.durationMs),
      remark: testcase.reason ?? '',
    })),
    totalsRow(state),
  ];
  const width = (key: keyof Row) => Math.max(...rows.map((row) => row[key].length));
  return rows.map((row) =>
    [
      row.name.padEnd(width('name')),
      row.verdict.padEnd(width('verdict')),
      row.assertions.padStart(width('assertions')),
      row.time.padStart(width('time')),
      row.remark,
    ]
      .join('  ')
      .trimEnd(),
  );
}
