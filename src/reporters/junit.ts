import { answerOf, callBefore } from './answer.ts';
import { closingLines } from './describe.ts';
import { factsOf } from './facts.ts';
import type { AssertionReport, Report, TestcaseReport } from './report.ts';
import { excerpt, sectionLines, sectionValues } from './sections.ts';
import { unrecordedFailure } from './unrecorded.ts';
import { element, escapeXml } from './xml.ts';

/** Lines of a testcase's output that go along; all of them are in suite.log. */
const maxOutputLines = 400;

interface Suite {
  readonly name: string;
  readonly startedAt: string | null;
  readonly seconds: number;
  readonly cases: readonly Case[];
  readonly output: readonly string[];
  /** Of its own, besides those of the run. */
  readonly properties: readonly { readonly name: string; readonly value: string }[];
}

interface Case {
  readonly name: string;
  readonly seconds: number;
  readonly kind: 'passed' | 'failure' | 'error' | 'skipped';
  readonly message: string;
  readonly text: string;
}

const seconds = (durationMs: number) => (durationMs / 1000).toFixed(3);

/** Names of assertions come more than once; a reader takes two cases of one name for one. */
function unique(cases: readonly Case[]): Case[] {
  const counts = new Map<string, number>();
  return cases.map((entry) => {
    const count = (counts.get(entry.name) ?? 0) + 1;
    counts.set(entry.name, count);
    return count === 1 ? entry : { ...entry, name: `${entry.name} #${count}` };
  });
}

function caseOf({ verdict, message, passedCount, failedCount, details, known, durationMs }: AssertionReport, more: readonly string[] = []): Case {
  const counts = passedCount + failedCount > 1 ? [`${passedCount} passed, ${failedCount} failed`] : [];
  const kind = verdict === 'passed' ? 'passed' : known === null ? 'failure' : 'skipped';
  const text = [message, ...counts, ...details, ...(kind === 'failure' ? more : [])].join('\n');
  return { name: message, seconds: durationMs / 1000, kind, message: kind === 'skipped' ? `known failure: ${known}` : message, text };
}

function casesOf(testcase: TestcaseReport): Case[] {
  const { name, status, reason, assertions, failures, durationMs } = testcase;
  const own = { name, seconds: (durationMs ?? 0) / 1000 };
  const { blame, reason: why } = answerOf(testcase);
  let failed = 0;
  const cases = assertions.map((assertion) => {
    if (assertion.verdict === 'passed') return caseOf(assertion);
    const call = callBefore(testcase, failed++);
    return caseOf(assertion, [...(call === null ? [] : [`call before it: ${call}`]), ...(blame === null ? [] : [`fault: ${blame} (${why})`])]);
  });
  if (status === 'pending' || status === 'running' || status === 'not-run') {
    const why = reason ?? 'the run ended first';
    // A selected testcase that did not run is no pass, and readers show skipped ones as harmless.
    return [...cases, { ...own, seconds: 0, kind: 'error', message: `not run to its end: ${why}`, text: why }];
  }
  if (status === 'failed' && cases.every(({ kind }) => kind !== 'failure')) {
    const message = failures.find(({ known }) => known === null)?.message ?? unrecordedFailure(testcase) ?? 'failed';
    return [...cases, { ...own, kind: 'failure', message, text: reason ?? '' }];
  }
  if (cases.length > 0) return cases;
  return [{ ...own, kind: 'passed', message: '', text: '' }];
}

function propertiesOf(testcase: TestcaseReport): Suite['properties'] {
  const { blame, reason, calls } = answerOf(testcase);
  return [
    ...(blame === null
      ? []
      : [
          { name: 'triage', value: blame },
          { name: 'triage.reason', value: reason ?? '' },
        ]),
    ...(calls.length === 0 ? [] : [{ name: 'wire.errors', value: calls.join('; ') }]),
  ];
}

const suiteOf = (testcase: TestcaseReport): Suite => ({
  name: testcase.name,
  startedAt: testcase.startedAt,
  seconds: (testcase.durationMs ?? 0) / 1000,
  cases: unique(casesOf(testcase)),
  properties: propertiesOf(testcase),
  output: [...excerpt(testcase.output, maxOutputLines), ...testcase.sections.flatMap((section) => ['', ...sectionLines(section)])],
});

/** What a reader has to know although no testcase says it: a set-up that failed, a server that died after the last testcase. */
function suiteOfRun(report: Report, suites: readonly Suite[]): Suite[] {
  const { setupFailure, result } = report.state;
  const text = [...(setupFailure?.details ?? []), ...(result === null ? [] : closingLines(result, true)), ...(result?.log?.lines ?? [])].join('\n');
  const bad = suites.some(({ cases }) => cases.some(({ kind }) => kind === 'failure' || kind === 'error'));
  if (setupFailure === null && (bad || result === null || result.exitCode === 0)) return [];
  const message = setupFailure?.message ?? result?.reason ?? 'the run failed';
  const name = setupFailure === null ? 'the whole run' : 'set-up';
  return [{ name: 'run', startedAt: null, seconds: 0, output: [], properties: [], cases: [{ name, seconds: 0, kind: 'error', message, text }] }];
}

function caseXml({ name, seconds: duration, kind, message, text }: Case, suite: string, script: string): string {
  const attributes = { name, classname: `${script}.${suite}`, time: duration.toFixed(3) };
  if (kind === 'passed') return element('testcase', attributes);
  if (kind === 'skipped') return element('testcase', attributes, [element('skipped', { message })]);
  return element('testcase', attributes, [element(kind, { message, type: kind === 'failure' ? 'assertion' : 'not-run' }, [escapeXml(text)])]);
}

const countOf = (cases: readonly Case[], wanted: Case['kind']) => cases.filter(({ kind }) => kind === wanted).length;

/** JUnit's XML, as Jenkins, GitLab and others read it: one testsuite per testcase of NFStest, one testcase per assertion. */
export function junit(report: Report): string {
  const script = report.state.suite?.script ?? 'nfstest_posix';
  const ofTestcases = report.testcases.map(suiteOf);
  const suites = [...suiteOfRun(report, ofTestcases), ...ofTestcases];
  const properties = [...factsOf(report.state).map(({ key, value }) => ({ name: key, value })), ...report.sections.flatMap(sectionValues)].map((property) =>
    element('property', property),
  );
  const all = suites.flatMap(({ cases }) => cases);
  const totals = (cases: readonly Case[]) => ({ tests: cases.length, failures: countOf(cases, 'failure'), errors: countOf(cases, 'error') });
  const started = report.state.startedAt;
  const xml = suites.map(({ name, startedAt, seconds: duration, cases, output, properties: own }, id) => {
    const time = (startedAt || started || '1970-01-01T00:00:00').slice(0, 19);
    const attributes = { name, package: script, id, timestamp: time, hostname: 'nfstest-vm', ...totals(cases), skipped: countOf(cases, 'skipped') };
    return element('testsuite', { ...attributes, time: duration.toFixed(3) }, [
      element('properties', {}, [...properties, ...own.map((property) => element('property', property))]),
      ...cases.map((entry) => `\n${caseXml(entry, name, script)}`),
      ...(output.length === 0 ? [] : [`\n${element('system-out', {}, [escapeXml(output.join('\n'))])}`]),
      '\n',
    ]);
  });
  const root = element('testsuites', { name: script, ...totals(all), time: seconds(report.durationMs) }, ['\n', xml.join('\n'), '\n']);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`;
}
