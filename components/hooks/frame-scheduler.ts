export interface FrameSchedulerOptions {
  /** Shortest and longest time between two frames. */
  readonly leastMs: number;
  readonly mostMs: number;
}

/** A frame may take this part of the time; a large terminal gets fewer frames, not a busy core. */
const share = 1 / 16;

/** Tells listeners of changes together: one frame for any number of changes, and no more frames than the machine draws with ease. */
export class FrameScheduler {
  readonly #options: FrameSchedulerOptions;
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;
  #everyMs: number;

  constructor(options: FrameSchedulerOptions) {
    this.#options = options;
    this.#everyMs = options.leastMs;
  }

  /** Time between two frames as it is now. */
  get everyMs(): number {
    return this.#everyMs;
  }

  request(listener: () => void): void {
    this.#waiting.add(listener);
    this.#timer ??= setTimeout(this.#flush, Math.max(0, this.#lastMs + this.#everyMs - performance.now()));
  }

  cancel(listener: () => void): void {
    this.#waiting.delete(listener);
  }

  /** Learns how long a frame took to draw; a single slow one counts for little. */
  drew(frameMs: number): void {
    const { leastMs, mostMs } = this.#options;
    const wanted = this.#everyMs * 0.8 + (frameMs / share) * 0.2;
    this.#everyMs = Math.min(Math.max(wanted, leastMs), mostMs);
  }

  readonly #flush = (): void => {
    this.#timer = undefined;
    this.#lastMs = performance.now();
    const listeners = [...this.#waiting];
    this.#waiting.clear();
    for (const listener of listeners) listener();
  };
}
