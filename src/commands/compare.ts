import { sameSuite } from '../history/comparable.ts';
import { type Change, type Comparison, compareRuns, hasNewFailures } from '../history/compare-runs.ts';
import { UserError } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { formatDuration } from '../model/format.ts';
import type { RunState } from '../model/run-state.ts';
import { scriptOf } from '../model/suite-script.ts';
import { type RunSummary, summarise } from '../model/summary.ts';
import { answerLines } from '../reporters/answer.ts';
import { describeServer, describeSuite } from '../reporters/describe.ts';
import { withRecord } from './recorded.ts';
import type { RunCommand } from './types.ts';

const heading = (label: string, { runId, server, imageId, nfsVersion, suite, clientKernel }: RunSummary): string =>
  [
    `${label}  ${runId ?? 'unknown run'}`,
    `${describeServer(server)}${imageId ? ` ${imageId.slice(0, 19)}` : ''}`,
    `NFS ${nfsVersion ?? 'version unknown'}`,
    describeSuite(suite),
    ...(clientKernel === null ? [] : [`Linux ${clientKernel}`]),
  ].join(', ');

/** What makes two runs hard to compare: a difference between them may be no change of the server. */
function differences(a: RunSummary, b: RunSummary): string[] {
  const other = (what: string, one: string | null | undefined, two: string | null | undefined): string[] => (one === two ? [] : [what]);
  const suite = sameSuite(a.suite, b.suite) ? [] : ['suites (so only verdicts are compared)'];
  const found = [...suite, ...other('NFS versions', a.nfsVersion, b.nfsVersion), ...other('client kernels', a.clientKernel, b.clientKernel)];
  return found.length === 0 ? [] : [`note: they had different ${found.join(' and ')}`];
}

const verdicts = ({ before, after }: Change): string => `${before ?? 'not selected'} -> ${after ?? 'not selected'}`;

const times = ({ beforeMs, afterMs }: Change): string =>
  beforeMs === null || afterMs === null ? '' : `${formatDuration(beforeMs)} -> ${formatDuration(afterMs)}`;

function lines(comparison: Comparison, { testcases }: RunState): string[] {
  const answers = (name: string) => testcases.filter((testcase) => testcase.name === name).flatMap(answerLines);
  const part = (title: string, changes: readonly Change[], text: (change: Change) => string) =>
    changes.length === 0
      ? []
      : [
          `${title} (${changes.length})`,
          ...changes.flatMap((change) => [
            `  ${change.testcase.padEnd(10)} ${text(change)}`,
            ...(change.after === 'failed' ? answers(change.testcase) : []).map((line) => `    ${line}`),
            ...change.newFailures.map((message) => `    - ${message}`),
          ]),
        ];
  const names = (title: string, list: readonly string[]) => (list.length === 0 ? [] : [`${title}: ${list.join(', ')}`]);
  return [
    ...part('newly failing', comparison.newlyFailing, verdicts),
    ...part('no longer run to their end', comparison.lost, verdicts),
    ...part('newly passing', comparison.newlyPassing, verdicts),
    ...part('slower', comparison.slower, times),
    ...names('only in the first', comparison.onlyBefore),
    ...names('only in the second', comparison.onlyAfter),
    `unchanged: ${comparison.unchanged}`,
  ];
}

/** What changed between two runs. */
export const compare: RunCommand = async ({ options, switches, words: [first, second = 'latest', more], write }) => {
  if (first === undefined || more !== undefined) throw new UserError('which two runs?', 'for example: nfstest-tui compare latest~1 latest');
  const stateOf = (word: string) => withRecord(word, options.runsDir, async ({ state }) => state);
  const [before, after] = [await stateOf(first), await stateOf(second)];
  const [a, b] = [summarise(before), summarise(after)];
  if (scriptOf(a.suite) !== scriptOf(b.suite)) {
    throw new UserError(
      `${scriptOf(a.suite)} and ${scriptOf(b.suite)} have no testcase in common`,
      'compare two runs of one script; `nfstest-tui runs` lists them',
    );
  }
  const comparison = compareRuns(a, b, { sameSuite: sameSuite(a.suite, b.suite) });
  const exitCode = hasNewFailures(comparison) ? ExitCode.testsFailed : ExitCode.passed;
  if (switches.has('json')) {
    write(`${JSON.stringify({ before: a.runId, after: b.runId, exitCode, ...comparison }, null, 2)}\n`);
    return exitCode;
  }
  const verdict = exitCode === ExitCode.passed ? 'no new failures' : 'NEW FAILURES';
  write(`${[heading('before', a), heading('after ', b), ...differences(a, b), '', ...lines(comparison, after), verdict].join('\n')}\n`);
  return exitCode;
};
