import type { SuiteFinished } from '../model/events.ts';

export type Totals = NonNullable<SuiteFinished['printed']>;

const say = ({ tests, passed, failed }: Totals) => `${tests} tests (${passed} passed, ${failed} failed)`;

/** Counts the suite's assertion lines, as the suite does for its totals: a group is one, a known bug neither passed nor failed. */
export class Tally {
  #counted: Totals = { tests: 0, passed: 0, failed: 0 };
  #printed: Totals | null = null;

  /** What the suite printed so far; null before. */
  get printed(): Totals | null {
    return this.#printed;
  }

  count(label: 'PASS' | 'FAIL' | 'BUG'): void {
    const { tests, passed, failed } = this.#counted;
    this.#counted = { tests: tests + 1, passed: passed + Number(label === 'PASS'), failed: failed + Number(label === 'FAIL') };
  }

  /** A log may hold several runs, each with its totals. */
  print({ tests, passed, failed }: Totals): void {
    const { tests: t, passed: p, failed: f } = this.#printed ?? { tests: 0, passed: 0, failed: 0 };
    this.#printed = { tests: t + tests, passed: p + passed, failed: f + failed };
  }

  /** What is wrong with the totals of a suite that ran testcases; null where nothing is. */
  problem(): string | null {
    if (this.#printed === null) return 'the suite printed no totals: its output is not complete';
    const same = say(this.#printed) === say(this.#counted);
    return same ? null : `the suite's totals are ${say(this.#printed)}, but ${say(this.#counted)} were read: output was lost`;
  }
}
