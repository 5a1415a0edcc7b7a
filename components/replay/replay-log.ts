import type { LogSnapshot } from '../../src/stream/ring-buffer.ts';
import type { LogSource } from '../controller.ts';

/** As much as a live log keeps. */
const mostLines = 10_000;

/** A recorded log of which the first lines are there. */
export class ReplayLog implements LogSource {
  readonly #lines: readonly string[];
  /** When each line was written, ascending; milliseconds since the run began. */
  readonly #times: readonly number[];
  readonly #listeners = new Set<() => void>();
  #count = 0;
  #snapshot: LogSnapshot = { lines: [], firstNumber: 1 };

  constructor(lines: readonly string[], times: readonly number[]) {
    this.#lines = lines;
    this.#times = times;
  }

  /** Shows the lines that were there at this time. */
  moveTo(atMs: number): void {
    let count = atMs < (this.#times[this.#count - 1] ?? 0) ? 0 : this.#count;
    while (count < this.#lines.length && (this.#times[count] ?? 0) <= atMs) count += 1;
    if (count === this.#count) return;
    this.#count = count;
    const start = Math.max(0, count - mostLines);
    this.#snapshot = { lines: this.#lines.slice(start, count), firstNumber: start + 1 };
    for (const listener of this.#listeners) listener();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): LogSnapshot => this.#snapshot;
}
