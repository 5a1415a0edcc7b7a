/** The last `capacity` lines of a log, with a change notice that is given at most once per `notifyEveryMs`. */
export class LogBuffer {
  readonly #capacity: number;
  readonly #notifyEveryMs: number;
  readonly #listeners = new Set<() => void>();
  #lines: string[] = [];
  #dropped = 0;
  #snapshot: LogSnapshot = { lines: [], firstNumber: 1 };
  #timer: NodeJS.Timeout | undefined;

  constructor({ capacity = 10_000, notifyEveryMs = 50 } = {}) {
    this.#capacity = capacity;
    this.#notifyEveryMs = notifyEveryMs;
  }

  push(line: string): void {
    this.#lines.push(line);
    // Cutting a tenth at a time keeps the cost per line constant.
    if (this.#lines.length > this.#capacity * 1.1) {
      const excess = this.#lines.length - this.#capacity;
      this.#lines = this.#lines.slice(excess);
      this.#dropped += excess;
    }
    if (this.#listeners.size > 0 && this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        for (const listener of this.#listeners) listener();
      }, this.#notifyEveryMs);
      this.#timer.unref();
    }
  }

  /** The last `count` lines, oldest first. */
  tail(count: number): readonly string[] {
    return count > 0 ? this.#lines.slice(-count) : [];
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** For `useSyncExternalStore`: the same object as long as nothing was added. */
  readonly getSnapshot = (): LogSnapshot => {
    const { lines, firstNumber } = this.#snapshot;
    if (firstNumber !== this.#dropped + 1 || lines.length !== this.#lines.length) {
      this.#snapshot = { lines: this.#lines.slice(), firstNumber: this.#dropped + 1 };
    }
    return this.#snapshot;
  };
}

export interface LogSnapshot {
  readonly lines: readonly string[];
  /** Number of the first line, counted from 1 since the log began. */
  readonly firstNumber: number;
}
