import { formatDuration } from '../model/format.ts';
import type { Paint } from './plain-lines.ts';
import { verdictLines } from './plain-lines.ts';
import type { TestcaseReport } from './report.ts';
import { excerpt, sectionLines } from './sections.ts';

/** Lines of the suite's output that are shown. */
const maxOutputLines = 60;

/** Everything about one testcase, as text: verdict, failed assertions, remarks, what else is known, passed ones, the suite's output. */
export function testcaseDetails(testcase: TestcaseReport, paint: Paint): string[] {
  const { name, status, assertions, remarks, output, sections, reason, startedAtMs } = testcase;
  const verdict = verdictLines(testcase, { width: name.length, paint });
  const passed = assertions.filter((assertion) => assertion.verdict === 'passed');
  const shown = excerpt(output, maxOutputLines);
  return [
    ...(verdict.length > 0 ? verdict : [`NOT RUN  ${name}${reason === null ? '' : `  ${reason}`}`]),
    ...(startedAtMs === null ? [] : [`    began ${formatDuration(startedAtMs)} into the run${status === 'running' ? ', and did not end' : ''}`]),
    ...remarks.map((remark) => paint('yellow', `    ${remark}`)),
    ...sections.flatMap((section) => ['', ...sectionLines(section)]),
    ...(passed.length === 0 ? [] : ['', `passed (${passed.length})`, ...passed.map(({ message }) => `    - ${message}`)]),
    ...(shown.length === 0 ? [] : ['', 'suite output', ...shown.map((line) => `  | ${line}`)]),
  ];
}
