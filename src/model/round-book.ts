import type { Phase, RoundFinished, RoundStart, RunEvent, Verdict } from './events.ts';
import { ExitCode } from './exit-codes.ts';
import { formatDuration } from './format.ts';
import type { TestcaseState } from './run-state.ts';
import type { Outcome } from './verdict.ts';

/** A known failure is as good as it gets: it is no reason to run the testcase again and again. */
function verdictOf({ status }: TestcaseState): Verdict {
  if (status === 'known') return 'passed';
  return status === 'passed' || status === 'failed' ? status : 'not-run';
}

/** Ends that say nothing of testcases that did not run: cut off, or the new server was never there to be tested. */
const unjudged: readonly number[] = [ExitCode.interrupted, ExitCode.terminated, ExitCode.hangup, ExitCode.environment, ExitCode.usage];

/** Whether a round that ended so has something to say of its testcases. */
export const isJudged = (exitCode: number): boolean => !unjudged.includes(exitCode);

/** What a session knows of its testcases from one run to the next, and the rounds of `watch` among these runs. */
export class RoundBook {
  readonly #known = new Map<string, Verdict>();
  /** When phases of the round ended, in milliseconds since its beginning. */
  readonly #ends = new Map<Phase, number>();
  #count = 0;
  #round: RoundStart | null = null;

  /** Testcases of the next round: those that have not passed, or all where every one has. */
  next(selection: readonly string[]): readonly string[] {
    const open = selection.filter((name) => this.#known.get(name) !== 'passed');
    return open.length > 0 ? open : selection;
  }

  /** Begins a round; its number makes it whole. */
  begin(start: Omit<RoundStart, 'number'>): RoundStart {
    this.#count += 1;
    this.#round = { number: this.#count, ...start };
    this.#ends.clear();
    return this.#round;
  }

  observe(event: RunEvent): void {
    if (event.type === 'phase.finished' && event.outcome === 'ok') this.#ends.set(event.phase, event.atMs);
  }

  /** The end of a run, at this many milliseconds. @returns what the round found; null where it was none. */
  finish({ exitCode }: Outcome, testcases: readonly TestcaseState[], atMs: number): RoundFinished | null {
    const results = testcases.map((testcase) => ({ testcase: testcase.name, before: this.#known.get(testcase.name) ?? null, now: verdictOf(testcase) }));
    for (const { testcase, now } of results) {
      if (now !== 'not-run' || isJudged(exitCode)) this.#known.set(testcase, now);
    }
    const round = this.#round;
    this.#round = null;
    if (round === null) return null;
    const built = this.#ends.get('server-image') ?? null;
    const restarted = this.#ends.get('server') ?? null;
    const tested = this.#ends.get('suite') ?? null;
    return {
      type: 'round.finished',
      number: round.number,
      results,
      buildMs: built,
      restartMs: restarted === null ? null : restarted - (built ?? 0),
      testsMs: tested === null ? null : tested - (restarted ?? 0),
      totalMs: round.waitedMs + atMs,
    };
  }
}

/** `newly passed write; still failing open`; testcases that pass as before are counted only. */
export function describeResults({ results }: Pick<RoundFinished, 'results'>): string {
  const names = (title: string, now: Verdict, before: readonly (Verdict | null)[]) => {
    const found = results.filter((result) => result.now === now && before.includes(result.before)).map(({ testcase }) => testcase);
    return found.length === 0 ? [] : [`${title} ${found.join(', ')}`];
  };
  const count = (title: string, before: Verdict | null) => {
    const found = results.filter((result) => result.now === 'passed' && result.before === before).length;
    return found === 0 ? [] : [`${found} ${title}`];
  };
  return [
    ...names('newly failed', 'failed', ['passed']),
    ...names('newly passed', 'passed', ['failed', 'not-run']),
    ...names('still failing', 'failed', ['failed', 'not-run']),
    ...names('failed', 'failed', [null]),
    ...names('not run', 'not-run', ['passed', 'failed', 'not-run', null]),
    ...count('still passing', 'passed'),
    ...count('passed', null),
  ].join('; ');
}

/** `4.9 s: build 1.2 s, restart 0.6 s, tests 2.4 s`; the rest is waiting for the changes to be over. */
export function describeTimes({ buildMs, restartMs, testsMs, totalMs }: RoundFinished): string {
  const part = (title: string, durationMs: number | null) => (durationMs === null ? [] : [`${title} ${formatDuration(durationMs)}`]);
  const parts = [...part('build', buildMs), ...part('restart', restartMs), ...part('tests', testsMs)];
  return `${formatDuration(totalMs)}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}
