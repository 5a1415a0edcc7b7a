import { EnvironmentError, type LogExcerpt, messageOf, ReportedError } from './errors.ts';
import { ExitCode } from './exit-codes.ts';
import { describeEntry, staleEntries } from './known-failures.ts';
import type { RunState, TestcaseState } from './run-state.ts';

export interface Totals {
  readonly selected: number;
  readonly passed: number;
  readonly failed: number;
  /** Failed as expected. */
  readonly known: number;
  readonly notRun: number;
  readonly assertionsPassed: number;
  readonly assertionsFailed: number;
}

/** A testcase that has neither passed nor failed, expected or not, counts as not run. */
export function totalsOf(testcases: readonly TestcaseState[]): Totals {
  const count = (status: TestcaseState['status']) => testcases.filter((testcase) => testcase.status === status).length;
  const passed = count('passed');
  const failed = count('failed');
  const known = count('known');
  return {
    selected: testcases.length,
    passed,
    failed,
    known,
    notRun: testcases.length - passed - failed - known,
    assertionsPassed: testcases.reduce((sum, testcase) => sum + testcase.passedCount, 0),
    assertionsFailed: testcases.reduce((sum, testcase) => sum + testcase.failedCount, 0),
  };
}

/** How a run ended. */
export interface Outcome {
  readonly exitCode: ExitCode;
  /** One line: what happened. */
  readonly reason: string;
  /** One line: what to do next; null where nothing is to be done. */
  readonly hint: string | null;
  /** The end of the log that explains a failure. */
  readonly log: LogExcerpt | null;
}

const outcome = (exitCode: ExitCode, reason: string, hint: string | null = null): Outcome => ({ exitCode, reason, hint, log: null });

/** The outcome of a run that an error ended. What is no ReportedError is a bug of this program; its stack goes along as the log. */
export function outcomeOfError(error: unknown): Outcome {
  if (error instanceof EnvironmentError) return { exitCode: error.exitCode, reason: error.message, hint: error.hint, log: error.log ?? null };
  if (error instanceof ReportedError) return outcome(error.exitCode, error.message, error.hint);
  const stack = error instanceof Error && error.stack !== undefined ? error.stack.split('\n') : [];
  return {
    exitCode: ExitCode.environment,
    reason: `a bug in nfstest-tui: ${messageOf(error)}`,
    hint: 'please report it with the lines above',
    log: { path: 'stack', lines: stack },
  };
}

/** The worse, the further behind: what was found wrong outweighs what passed, what kept tests from running outweighs both. */
const severity: readonly ExitCode[] = [
  ExitCode.passed,
  ExitCode.testsFailed,
  ExitCode.nothingRan,
  ExitCode.usage,
  ExitCode.environment,
  ExitCode.clientLost,
  ExitCode.serverLost,
  ExitCode.hangup,
  ExitCode.interrupted,
  ExitCode.terminated,
];

/** The worst of several exit codes; 0 of none. */
export const worstOf = (codes: readonly ExitCode[]): ExitCode =>
  codes.reduce<ExitCode>((worst, code) => (severity.indexOf(code) > severity.indexOf(worst) ? code : worst), ExitCode.passed);

/** The worse of two; the first where they are alike. */
export const worse = (first: Outcome, second: Outcome): Outcome => (worstOf([first.exitCode, second.exitCode]) === first.exitCode ? first : second);

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/**
 * The verdict of a suite that came to its end.
 * Trusts its testcases first and its exit code second: a suite that says 0 while a selected testcase did not run has not passed,
 * and one that says something else while everything passed has not passed either.
 */
export function outcomeOf(state: RunState): Outcome {
  const totals = totalsOf(state.testcases);
  // With several lanes another one's testcases may have run.
  if (state.setupFailure && totals.passed + totals.failed + totals.known === 0) {
    return outcome(
      ExitCode.nothingRan,
      `the suite failed in its set-up: ${state.setupFailure.message}`,
      'the suite’s output above says where; no testcase ran',
    );
  }
  if (totals.selected === 0) return outcome(ExitCode.nothingRan, 'no testcase was selected', 'name some with --testcase');
  if (totals.passed + totals.failed + totals.known === 0) return outcome(ExitCode.nothingRan, 'no testcase ran', 'suite.log in the run’s folder says why');
  if (totals.failed > 0) {
    const names = state.testcases.filter((testcase) => testcase.status === 'failed').map((testcase) => testcase.name);
    const notRun = totals.notRun > 0 ? `, ${totals.notRun} not run` : '';
    return outcome(ExitCode.testsFailed, `${totals.failed} of ${plural(totals.selected, 'testcase')} failed (${names.join(', ')})${notRun}`);
  }
  if (totals.notRun > 0) {
    return outcome(ExitCode.testsFailed, `${totals.notRun} of ${plural(totals.selected, 'testcase')} did not run`, 'suite.log in the run’s folder says why');
  }
  const stale = staleEntries(state.known);
  if (stale.length > 0 && state.known?.strict) {
    return outcome(
      ExitCode.testsFailed,
      `${plural(stale.length, 'known failure')} passed (${stale.map(describeEntry).join('; ')})`,
      `remove what passes now from ${state.known.source}, or leave out --strict`,
    );
  }
  // The suite itself knows of no expected failures.
  if (totals.known === 0 && state.suiteExitCode !== null && state.suiteExitCode !== 0) {
    return outcome(ExitCode.testsFailed, `every testcase passed, but the suite exited with ${state.suiteExitCode}`, 'suite.log in the run’s folder says why');
  }
  if (totals.known > 0) {
    const names = state.testcases.filter((testcase) => testcase.status === 'known').map((testcase) => testcase.name);
    const passed = totals.passed > 0 ? `${plural(totals.passed, 'testcase')} passed, ` : '';
    return outcome(ExitCode.passed, `${passed}${totals.known} failed as known (${names.join(', ')})`);
  }
  return outcome(ExitCode.passed, `${plural(totals.passed, 'testcase')} passed`);
}
