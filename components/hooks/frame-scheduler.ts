/** Tells listeners of changes together and at most once per `everyMs`: one frame for any number of changes. */
export class FrameScheduler {
  readonly #everyMs: number;
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  request(listener: () => void): void {
    this.#waiting.add(listener);
    this.#timer ??= setTimeout(this.#flush, Math.max(0, this.#lastMs + this.#everyMs - performance.now()));
  }

  cancel(listener: () => void): void {
    this.#waiting.delete(listener);
  }

  readonly #flush = (): void => {
    this.#timer = undefined;
    this.#lastMs = performance.now();
    const listeners = [...this.#waiting];
    this.#waiting.clear();
    for (const listener of listeners) listener();
  };
}
