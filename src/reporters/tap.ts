import { ExitCode } from '../model/exit-codes.ts';
import { terminalJson } from '../model/terminal-text.ts';
import { answerOf } from './answer.ts';
import { factsOf } from './facts.ts';
import type { AssertionReport, Report, TestcaseReport } from './report.ts';
import { sectionLines } from './sections.ts';
import { unrecordedFailure } from './unrecorded.ts';
import { xmlText } from './xml.ts';

/** A second line would be taken for TAP. */
const oneLine = (text: string): string => xmlText(text).replaceAll(/\s+/g, ' ').trim();

/** A description or a reason on one line; `#` and `\` would begin a directive or an escape. */
const inline = (text: string): string => oneLine(text).replaceAll(/[\\#]/g, String.raw`\$&`);

/** YAML of flat values; a JSON text is YAML as well. */
function diagnostics(values: Readonly<Record<string, unknown>>, indent: string): string[] {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  if (given.length === 0) return [];
  return ['---', ...given.map(([key, value]) => `${key}: ${terminalJson(value)}`), '...'].map((line) => `${indent}  ${line}`);
}

const todo = (reason: string | null): string => (reason === null ? '' : ` # TODO known failure: ${inline(reason)}`);

function assertionLines(assertion: AssertionReport, number: number): string[] {
  const { verdict, message, passedCount, failedCount, details, known, durationMs } = assertion;
  const line = `    ${verdict === 'passed' ? 'ok' : 'not ok'} ${number} - ${inline(message)}${todo(known)}`;
  if (verdict === 'passed') return [line];
  const counts = passedCount + failedCount > 1 ? { passed: passedCount, failed: failedCount } : {};
  const values = { message: xmlText(message), severity: known === null ? 'fail' : 'todo', ...counts, duration_ms: durationMs };
  return [line, ...diagnostics({ ...values, details: details.length === 0 ? null : details.map(xmlText) }, '    ')];
}

function testcaseLines(testcase: TestcaseReport, number: number): string[] {
  const { name, status, assertions, durationMs, reason, failures, sections } = testcase;
  const passed = status === 'passed';
  const { blame, reason: why, calls } = answerOf(testcase);
  const known = status === 'known' ? [...new Set(failures.flatMap((failure) => failure.known ?? []))].join('; ') : null;
  const notRun = !passed && status !== 'failed' && status !== 'known';
  const unrecorded = unrecordedFailure(testcase);
  const subtest =
    assertions.length === 0
      ? []
      : [`# Subtest: ${inline(name)}`, `    1..${assertions.length}`, ...assertions.flatMap((entry, index) => assertionLines(entry, index + 1))];
  const values = {
    verdict: notRun ? 'not run to its end' : status,
    message: unrecorded === null || unrecorded === reason ? null : xmlText(unrecorded),
    reason,
    fault: blame === null ? null : `${blame}: ${why}`,
    calls: calls.length === 0 ? null : calls.map(xmlText),
    duration_ms: durationMs,
    details: sections.length === 0 ? null : sections.flatMap(sectionLines).map(xmlText),
  };
  return [...subtest, `${passed ? 'ok' : 'not ok'} ${number} - ${inline(name)}${todo(known)}`, ...diagnostics(values, '')];
}

/** TAP 14: one test per testcase of NFStest, with its assertions as subtest. A run that was cut off bails out. */
export function tap(report: Report): string {
  const { state, testcases, sections } = report;
  const result = state.result;
  const cut = result !== null && result.exitCode !== ExitCode.passed && result.exitCode !== ExitCode.testsFailed;
  return [
    'TAP version 14',
    `1..${testcases.length}`,
    ...factsOf(state).map(({ title, value }) => `# ${title}: ${oneLine(value)}`),
    ...sections.flatMap(sectionLines).map((line) => `# ${xmlText(line).replaceAll(/[\r\n]+/g, ' ')}`),
    ...testcases.flatMap((testcase, index) => testcaseLines(testcase, index + 1)),
    ...(result === null ? [] : [`# ${inline(result.reason)}`]),
    ...(cut ? [`Bail out! ${inline(result.reason)}`] : []),
    '',
  ].join('\n');
}
