import type { TestcaseFinished, Verdict } from '../model/events.ts';
import type { SuiteLine } from './line-kinds.ts';

/** Assertions that one line of the suite stands for. */
export interface Counted {
  readonly passed: number;
  readonly failed: number;
  readonly bugs: number;
}

/** A testcase whose lines are being read. */
export class RunningTestcase {
  readonly name: string;
  #passed = 0;
  #failed = 0;
  #bugs = 0;
  #durationMs: number | null = null;
  #isComplete = false;

  constructor(name: string) {
    this.name = name;
  }

  /** A `TIME` line was the last thing seen of it. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** A `TIME` line; one with several groups prints several. */
  time(durationMs: number): void {
    this.#durationMs = (this.#durationMs ?? 0) + durationMs;
    this.#isComplete = true;
  }

  count({ label, counts }: Pick<Extract<SuiteLine, { kind: 'assertion' }>, 'label' | 'counts'>): Counted {
    this.#isComplete = false;
    const bugs = counts?.bugs ?? (label === 'BUG' ? 1 : 0);
    const failed = Math.max(counts?.failed ?? 0, label === 'FAIL' ? 1 : 0);
    const passed = counts?.passed ?? (label === 'PASS' ? 1 : 0);
    this.#bugs += bugs;
    this.#failed += failed;
    this.#passed += passed;
    return { passed, failed, bugs };
  }

  /** @param cutOff why it did not come to its end; null where it did. */
  finish(cutOff: string | null): TestcaseFinished {
    const empty = this.#passed + this.#failed + this.#bugs === 0;
    let verdict: Verdict = 'passed';
    if (this.#failed > 0) verdict = 'failed';
    else if (empty || cutOff !== null) verdict = 'not-run';
    return {
      type: 'testcase.finished',
      testcase: this.name,
      verdict,
      passedCount: this.#passed,
      failedCount: this.#failed,
      durationMs: this.#durationMs,
      reason: cutOff ?? (empty ? 'no assertion' : null),
    };
  }
}
