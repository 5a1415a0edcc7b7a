import { versionsOf, versionWord } from '../keys/versions-command.ts';
import { cleanLine } from '../text/clean.ts';
import { justify, type Line, span } from '../text/line.ts';
import { shortDuration } from '../text/numbers.ts';
import { shorten, wrapText } from '../text/width.ts';
import type { AssertionView, DashboardView, TestcaseView } from '../view/dashboard-view.ts';
import { verdictMark } from './marks.ts';
import { trafficLines, windowLines } from './wire-lines.ts';

/** `256 passed, 256 failed`; empty for a single assertion. */
function subtests({ passedCount, failedCount }: AssertionView): string {
  if (passedCount + failedCount <= 1) return '';
  const parts = [passedCount > 0 ? `${passedCount} passed` : '', failedCount > 0 ? `${failedCount} failed` : ''];
  return ` (${parts.filter((part) => part !== '').join(', ')})`;
}

/** The message without the testcase's name, which the pane's title says; subtest counts that the suite put into it are taken out. */
function messageOf(assertion: AssertionView, name: string): string {
  const message = cleanLine(assertion.message).replace(/\s*\(\d+ passed(, \d+ failed)?\)$/, '');
  return message.startsWith(`${name} - `) ? message.slice(name.length + 3) : message;
}

function assertionLines(assertion: AssertionView, name: string, width: number): Line[] {
  const failed = assertion.verdict === 'failed';
  const text = messageOf(assertion, name) + subtests(assertion);
  const rows = failed ? wrapText(text, width - 2) : [shorten(text, width - 2)];
  const first: Line = [verdictMark(assertion.verdict), ' ', failed ? span(rows[0] ?? '', 'failed') : (rows[0] ?? '')];
  const more = rows.slice(1).map((row): Line => ['  ', span(row, 'failed')]);
  const details = assertion.details.flatMap((detail) => wrapText(cleanLine(detail), width - 2).map((row): Line => ['  ', row]));
  const known = assertion.known === null ? [] : wrapText(`known: ${cleanLine(assertion.known)}`, width - 2).map((row): Line => ['  ', span(row, 'warning')]);
  return [first, ...more, ...known, ...details];
}

const words: Readonly<Record<TestcaseView['status'], string>> = {
  idle: 'not selected yet',
  pending: 'waits for its turn',
  running: 'running',
  passed: 'passed',
  failed: 'failed',
  known: 'failed as known',
  'not-run': 'did not run to its end',
};

function summary({ status, durationMs, previous, lane }: TestcaseView, lanes: number): Line {
  const time = durationMs === null ? '' : ` in ${shortDuration(durationMs)}`;
  const mark = verdictMark(status);
  const last = previous === null ? '' : ` · last run ${previous.verdict}${previous.durationMs === null ? '' : ` in ${shortDuration(previous.durationMs)}`}`;
  const where = lanes === 1 || lane === null ? '' : ` · lane ${lane + 1}`;
  return [mark, ' ', words[status] + time, span(where + last, 'dim')];
}

const counts = ({ passedCount, failedCount }: TestcaseView): string => (passedCount + failedCount === 0 ? '' : `${passedCount} passed, ${failedCount} failed`);

/** Whose fault it is, and what it came to elsewhere. */
function triageLines({ triage }: TestcaseView, width: number): Line[] {
  if (triage === null) return [];
  const places = triage.results.map(({ where, title, verdict, reason }) => {
    const place = where === 'own' ? `again on ${title}` : where === 'reference' ? `on ${title}` : title;
    return `${place}: ${verdict === 'not-run' ? `not run (${reason ?? 'unknown'})` : verdict}`;
  });
  return [
    [span(`Triage: ${triage.blame}`, 'bold')],
    ...[triage.reason, ...places].flatMap((text) => wrapText(cleanLine(text), width - 2).map((row): Line => ['  ', row])),
  ];
}

/** What it came to over other NFS versions; nothing where there is one. */
function versionLines(testcase: TestcaseView, width: number): Line[] {
  const versions = versionsOf(testcase);
  if (versions.length < 2) return [];
  const text = versions.map((version) => `NFS ${version} ${versionWord(testcase, version)}`).join(' · ');
  return wrapText(text, width).map((row): Line => [span(row, 'dim')]);
}

/** What went over the wire before a failed assertion; nothing where that is not known. */
function windowLinesOf({ traffic }: TestcaseView, failure: number, width: number): Line[] {
  const window = traffic?.windows.find((candidate) => candidate.failure === failure);
  return window === undefined ? [] : windowLines(window, width);
}

/** Everything about one testcase: what it tests, its verdict, failed assertions first, then the others in their order. */
export function testcaseDetail(testcase: TestcaseView, width: number, lanes = 1): Line[] {
  const { name, description, assertions, remarks, reason } = testcase;
  const failed = assertions.filter(({ verdict }) => verdict === 'failed');
  const passed = assertions.filter(({ verdict }) => verdict === 'passed');
  const heading = (text: string): Line => [span(text, 'bold')];
  return [
    justify([span(name, 'bold')], [span(counts(testcase), 'dim')], width),
    ...wrapText(description, width).map((row): Line => [span(row, 'dim')]),
    summary(testcase, lanes),
    ...(reason === null ? [] : wrapText(reason, width).map((row): Line => [span(row, 'warning')])),
    ...versionLines(testcase, width),
    ...triageLines(testcase, width),
    ...(failed.length > 0 ? [heading(`Failed (${failed.length})`)] : []),
    ...failed.flatMap((assertion, index) => [...assertionLines(assertion, name, width), ...windowLinesOf(testcase, index, width)]),
    ...(testcase.traffic ? trafficLines(testcase.traffic, width) : []),
    ...remarks.flatMap((remark) => wrapText(cleanLine(remark), width).map((row): Line => [span(row, 'warning')])),
    ...(passed.length > 0 ? [heading(`Passed (${passed.length})`)] : []),
    ...passed.flatMap((assertion) => assertionLines(assertion, name, width)),
  ];
}

/** What the suite printed where it failed before its first testcase. */
export function setupFailureDetail({ message, details }: NonNullable<DashboardView['setupFailure']>, width: number): Line[] {
  return [
    [span('The suite failed in its set-up; no testcase ran.', 'failed')],
    ...wrapText(cleanLine(message), width).map((row): Line => [span(row, 'failed')]),
    ...details.flatMap((detail) => wrapText(cleanLine(detail), width).map((row): Line => [row])),
    [],
  ];
}

/** The content of the detail pane. */
export function detailLines(view: DashboardView, name: string | null, width: number): Line[] {
  const testcase = view.testcases.find((candidate) => candidate.name === name);
  const setup = view.setupFailure === null ? [] : setupFailureDetail(view.setupFailure, width);
  return [...setup, ...(testcase === undefined ? [[span('No testcase matches the filter.', 'dim')]] : testcaseDetail(testcase, width, view.laneStates.length))];
}
