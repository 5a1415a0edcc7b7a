import { styleText } from 'node:util';
import type { RoundFinished } from '../model/events.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { formatDuration } from '../model/format.ts';
import { describeEntry, staleEntries } from '../model/known-failures.ts';
import { describeResults, describeTimes, isJudged } from '../model/round-book.ts';
import type { RunState, TestcaseState } from '../model/run-state.ts';
import { answerLines } from './answer.ts';
import { closingLines, reproduction, reproductionTitle } from './describe.ts';
import { assertionCount, summaryTable } from './summary-table.ts';
import { unrecordedFailure } from './unrecorded.ts';

/** Failed assertions shown per testcase; all of them are in the log. */
const maxFailures = 25;

const labels = { passed: 'PASS   ', failed: 'FAIL   ', known: 'KNOWN  ', 'not-run': 'NOT RUN' } as const;
const labelStyles = { passed: 'green', failed: 'red', known: 'yellow', 'not-run': 'yellow' } as const;

/** Adds a style to a text, or nothing where no colours are wanted. */
export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

export const painter =
  (color: boolean): Paint =>
  (style, text) =>
    color ? styleText(style, text, { validateStream: false }) : text;

/** `FAIL     open   12544/13056  50.8 s` and its failed assertions; none while it has no verdict. */
export function verdictLines(testcase: TestcaseState, { width, paint }: { readonly width: number; readonly paint: Paint }): string[] {
  const { name, status, failures, durationMs, reason } = testcase;
  const unrecorded = unrecordedFailure(testcase);
  if (status === 'pending' || status === 'running') return [];
  const words = [
    paint(labelStyles[status], labels[status]),
    name.padEnd(width),
    assertionCount(testcase),
    ...(durationMs === null ? [] : [formatDuration(durationMs)]),
    ...(reason === null ? [] : [reason]),
  ];
  return [
    words.join('  '),
    ...answerLines(testcase).map((line) => `    ${line}`),
    ...failures
      .slice(0, maxFailures)
      .flatMap(({ message, details, known }) => [
        `    - ${message}`,
        ...(known === null ? [] : [`      known: ${known}`]),
        ...details.map((line) => `      ${line}`),
      ]),
    ...(failures.length > maxFailures ? [`    … ${failures.length - maxFailures} more failed assertions in suite.log`] : []),
    ...(unrecorded === null || testcase.failedCount === 0 ? [] : [`    - ${unrecorded}`]),
  ];
}

export const nameWidth = (state: RunState): number => Math.max(0, ...state.testcases.map((testcase) => testcase.name.length));

/** Why no testcase ran. */
export function setupFailureLines({ message, details }: NonNullable<RunState['setupFailure']>, paint: Paint): string[] {
  return [paint('red', `error: the suite failed in its set-up: ${message}`), ...details.map((line) => `    ${line}`)];
}

/**
 * The end of a run: table, log that explains a failure, how to repeat it, where it is kept, verdict. Empty before the end.
 *
 * @param heading which suite on which server, over which version.
 */
export function summaryLines(
  state: RunState,
  { heading, folder, paint }: { readonly heading: string; readonly folder: string | null; readonly paint: Paint },
): string[] {
  const { result } = state;
  if (result === null) return [];
  const tested = state.testcases.length > 0 || state.setupFailure !== null;
  const repeat = tested ? reproduction(state) : null;
  const [verdict = '', ...hint] = closingLines(result, tested);
  return [
    '',
    ...(tested ? [paint('bold', heading)] : []),
    ...summaryTable(state).map((line) => `  ${line}`),
    ...(tested ? [''] : []),
    ...staleEntries(state.known).map((entry) => paint('yellow', `a known failure passes now, remove it from ${state.known?.source}: ${describeEntry(entry)}`)),
    ...(result.log === null ? [] : [...result.log.lines.map((line) => `  | ${line}`), `the end of ${result.log.path}`, '']),
    ...(repeat === null ? [] : [`${reproductionTitle(state).padEnd(13)}${repeat}`]),
    ...(folder === null ? [] : [`kept in      ${folder}`]),
    paint(result.exitCode === 0 ? ['bold', 'green'] : ['bold', 'red'], verdict),
    ...hint,
  ];
}

/** The end of a round of `watch`: what changed against the one before, why it did not come to its end, how long it took. */
export function roundLines(round: RoundFinished, { result }: RunState, { folder, paint }: { readonly folder: string | null; readonly paint: Paint }): string[] {
  if (result === null) return [];
  const { exitCode, reason, hint, log } = result;
  const tested = exitCode === ExitCode.passed || exitCode === ExitCode.testsFailed;
  return [
    ...(log === null ? [] : [...log.lines.map((line) => `  | ${line}`), `the end of ${log.path}`]),
    ...(tested ? [] : [exitCode === ExitCode.interrupted ? reason : paint('red', `error: ${reason}`), ...(hint === null ? [] : [`  → ${hint}`])]),
    paint(
      exitCode === ExitCode.passed ? ['bold', 'green'] : ['bold', 'red'],
      `round ${round.number}: ${isJudged(exitCode) ? describeResults(round) : 'not finished'}`,
    ),
    `took       ${describeTimes(round)}`,
    ...(folder === null ? [] : [`kept in    ${folder}`]),
  ];
}
