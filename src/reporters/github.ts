import { formatDuration } from '../model/format.ts';
import { describeEntry, staleEntries } from '../model/known-failures.ts';
import type { TestcaseState } from '../model/run-state.ts';
import { totalsOf } from '../model/verdict.ts';
import { answerLines, answerOf, callBefore } from './answer.ts';
import { closingLines, reproduction, reproductionTitle } from './describe.ts';
import { factsOf } from './facts.ts';
import type { Report } from './report.ts';
import type { Section } from './sections.ts';
import { assertionCount } from './summary-table.ts';
import { unrecordedFailure } from './unrecorded.ts';
import { xmlText } from './xml.ts';

/** GitHub shows 10 annotations of a kind per step. Source: GitHub docs, "Workflow commands", limits. */
const maxAnnotations = 10;
/** GitHub refuses a step's summary of more than 1 MiB. */
const maxSummaryBytes = 1024 * 1024 - 1;

const escapeData = (text: string): string => xmlText(text).replaceAll('%', '%25').replaceAll('\n', '%0A');
const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

interface Annotation {
  readonly level: 'error' | 'warning';
  readonly title: string;
  readonly message: string;
}

function annotationsOf({ state, testcases }: Report): Annotation[] {
  const failed = testcases
    .filter(({ status }) => status === 'failed')
    .flatMap((testcase) => {
      const { name, failures } = testcase;
      const { blame } = answerOf(testcase);
      const title = `NFStest ${name} failed${blame === null ? '' : `: ${blame}`}`;
      const unrecorded = unrecordedFailure(testcase);
      if (unrecorded !== null) return [{ level: 'error' as const, title, message: unrecorded }];
      return failures.flatMap(({ message, details, known }, index): Annotation[] => {
        const call = callBefore(testcase, index);
        return known === null
          ? [{ level: 'error', title, message: [message, ...details, ...(call === null ? [] : [`call before it: ${call}`])].join('\n') }]
          : [];
      });
    });
  const notRun = testcases
    .filter(({ status }) => status === 'not-run' || status === 'pending' || status === 'running')
    .map(({ name, reason }): Annotation => ({ level: 'error', title: `NFStest ${name} did not run to its end`, message: reason ?? 'the run ended first' }));
  const { setupFailure, result } = state;
  const setup: Annotation[] =
    setupFailure === null
      ? []
      : [{ level: 'error', title: 'NFStest failed in its set-up', message: [setupFailure.message, ...setupFailure.details].join('\n') }];
  const run: Annotation[] =
    result !== null && result.exitCode !== 0 && failed.length + notRun.length + setup.length === 0
      ? [{ level: 'error', title: 'NFS test failed', message: [result.reason, ...(result.log?.lines ?? [])].join('\n') }]
      : [];
  const stale: Annotation[] = staleEntries(state.known).map((entry) => ({
    level: 'warning',
    title: 'A known failure passes now',
    message: `remove it: ${describeEntry(entry)}`,
  }));
  // What failed comes before what did not run because of it: only ten are shown.
  return [...setup, ...run, ...failed, ...notRun, ...stale];
}

/** Workflow commands for GitHub's log: at most 10, the last one saying how many more there are. */
export function githubAnnotations(report: Report): string {
  const all = annotationsOf(report);
  const shown = all.length <= maxAnnotations ? all : all.slice(0, maxAnnotations - 1);
  const more: Annotation[] =
    all.length > shown.length ? [{ level: 'error', title: 'NFS test', message: `${all.length - shown.length} more failures are in the step’s summary` }] : [];
  return [...shown, ...more].map(({ level, title, message }) => `::${level} title=${escapeProperty(title)}::${escapeData(message)}\n`).join('');
}

const cell = (text: string): string =>
  xmlText(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\|`*_<>[\]]/g, String.raw`\$&`);

/** A block that no line of its content can end. */
function codeBlock(lines: readonly string[]): string[] {
  const text = lines.map(xmlText);
  const longest = Math.max(2, ...text.flatMap((line) => [...line.matchAll(/`+/g)].map(([ticks]) => ticks.length)));
  const fence = '`'.repeat(longest + 1);
  return [fence, ...text, fence];
}

const marks: Readonly<Record<TestcaseState['status'], string>> = {
  passed: '✅ passed',
  failed: '❌ failed',
  known: '⚠️ known',
  'not-run': '⛔ not run',
  pending: '⛔ not run',
  running: '⛔ not run',
};

const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [columns, columns.map(() => '---'), ...rows.map((row) => row.map(cell))].map((row) => `| ${row.join(' | ')} |`);

const section = ({ title, body }: Section): string[] => [
  '',
  `**${cell(title)}**`,
  '',
  ...(body.kind === 'table' ? table(body.columns.map(cell), body.rows) : codeBlock(body.lines)),
];

/** What is worth its place first: when it is too long, the end is cut. */
function blocks({ state, testcases, sections }: Report): string[][] {
  const totals = totalsOf(state.testcases);
  const [verdict = 'the run was cut off', ...hint] = state.result === null ? [] : closingLines(state.result, true);
  const repeat = reproduction(state);
  const rows = testcases.map((testcase) => [
    testcase.name,
    marks[testcase.status],
    assertionCount(testcase),
    testcase.durationMs === null ? '' : formatDuration(testcase.durationMs),
    testcase.reason ?? answerLines(testcase).join('; '),
  ]);
  const bad = testcases.filter((testcase) => testcase.failures.length > 0 || testcase.sections.length > 0 || unrecordedFailure(testcase) !== null);
  return [
    [
      `## ${cell(verdict)}`,
      ...hint.map(cell),
      '',
      ...table(
        ['what', 'value'],
        factsOf(state).map(({ title, value }) => [title, value]),
      ),
    ],
    ...(rows.length === 0
      ? []
      : [['', `${totals.passed} of ${totals.selected} testcases passed.`, '', ...table(['testcase', 'verdict', 'assertions', 'time', ''], rows)]]),
    ...(state.setupFailure === null ? [] : [['', '### Set-up', '', ...codeBlock([state.setupFailure.message, ...state.setupFailure.details])]]),
    ...sections.map(section),
    ...(repeat === null ? [] : [['', reproductionTitle(state) === 'repeat with' ? 'Repeat with' : 'Rerun what failed', '', ...codeBlock([repeat])]]),
    ...staleEntries(state.known).map((entry) => ['', `A known failure passes now, remove it: ${cell(describeEntry(entry))}`]),
    ...bad.map((testcase) => [
      '',
      `### ${cell(testcase.name)}`,
      '',
      ...codeBlock([
        ...testcase.failures.flatMap(({ message, details, known }) => [
          message,
          ...(known === null ? [] : [`  known: ${known}`]),
          ...details.map((line) => `  ${line}`),
        ]),
        ...(unrecordedFailure(testcase) ?? '').split('\n').filter(Boolean),
      ]),
      ...testcase.sections.flatMap(section),
    ]),
  ];
}

/** Markdown for a step's summary, under 1 MiB. */
export function githubSummary(report: Report): string {
  const note = '\n\nThe rest was left out: a summary may have 1 MiB. The other reports have all of it.\n';
  let text = '';
  for (const lines of blocks(report)) {
    const next = `${lines.join('\n')}\n`;
    if (Buffer.byteLength(text) + Buffer.byteLength(next) + Buffer.byteLength(note) > maxSummaryBytes) return text + note;
    text += next;
  }
  return text;
}
