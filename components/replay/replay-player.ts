import type { Playback, Player } from '../controller.ts';

const speeds = [0.5, 1, 2, 4, 8, 16, 32, 64] as const;
/** Time between two steps. */
const stepMs = 50;

export interface ReplayPlayerOptions {
  readonly durationMs: number;
  /** Called when the position has changed. */
  readonly onMove: (positionMs: number) => void;
  readonly speed?: number;
}

/** The clock of a replay. Tells its listeners of whole seconds, not of every step. */
export class ReplayPlayer implements Player {
  readonly #listeners = new Set<() => void>();
  readonly #onMove: (positionMs: number) => void;
  #playback: Playback;
  #shown: Playback;
  #timer: NodeJS.Timeout | undefined;
  #lastMs = 0;

  constructor({ durationMs, onMove, speed = 1 }: ReplayPlayerOptions) {
    this.#onMove = onMove;
    this.#playback = { positionMs: 0, durationMs, speed, paused: true };
    this.#shown = this.#playback;
  }

  get positionMs(): number {
    return this.#playback.positionMs;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): Playback => this.#shown;

  /** At the end it starts from the beginning. */
  togglePause(): void {
    const { paused, positionMs, durationMs } = this.#playback;
    if (!paused) {
      this.stop();
      return;
    }
    if (positionMs >= durationMs) this.#moveTo(0);
    this.#lastMs = performance.now();
    this.#timer ??= setInterval(this.#step, stepMs);
    this.#set({ paused: false });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#set({ paused: true });
  }

  changeSpeed(direction: 1 | -1): void {
    const index = speeds.findIndex((speed) => speed >= this.#playback.speed) + direction;
    this.#set({ speed: speeds[Math.min(Math.max(index, 0), speeds.length - 1)] ?? 1 });
  }

  seekBy(deltaMs: number): void {
    this.#moveTo(this.#playback.positionMs + deltaMs);
  }

  readonly #step = (): void => {
    const now = performance.now();
    this.#moveTo(this.#playback.positionMs + (now - this.#lastMs) * this.#playback.speed);
    this.#lastMs = now;
    if (this.#playback.positionMs >= this.#playback.durationMs) this.stop();
  };

  #moveTo(positionMs: number): void {
    this.#set({ positionMs: Math.min(Math.max(positionMs, 0), this.#playback.durationMs) });
    this.#onMove(this.#playback.positionMs);
  }

  #set(change: Partial<Playback>): void {
    this.#playback = { ...this.#playback, ...change };
    const { positionMs, speed, paused } = this.#playback;
    const { positionMs: shownMs, speed: shownSpeed, paused: shownPaused } = this.#shown;
    if (Math.floor(positionMs / 1000) === Math.floor(shownMs / 1000) && speed === shownSpeed && paused === shownPaused) return;
    this.#shown = this.#playback;
    for (const listener of this.#listeners) listener();
  }
}
