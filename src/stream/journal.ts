import type { EventBody, RunEvent } from '../model/events.ts';

export type EventListener = (event: RunEvent) => void;

export interface Clock {
  /** Wall time. */
  now(): Date;
  /** Monotonic milliseconds from an arbitrary start. */
  monotonicMs(): number;
}

export const systemClock: Clock = { now: () => new Date(), monotonicMs: () => performance.now() };

/** Stamps the events of one run and hands them to every listener, in order. A listener that throws is dropped, never the run. */
export class Journal {
  readonly runId: string;
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #listeners = new Set<EventListener>();
  readonly #onListenerError: (error: unknown) => void;

  constructor(runId: string, { clock = systemClock, onListenerError = (_error: unknown) => {} } = {}) {
    this.runId = runId;
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
    this.#onListenerError = onListenerError;
  }

  /** Milliseconds since the run began. */
  elapsedMs(): number {
    return Math.round(this.#clock.monotonicMs() - this.#startMs);
  }

  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  record(body: EventBody, lane = 0): RunEvent {
    const event: RunEvent = { ...body, runId: this.runId, lane, time: this.#clock.now().toISOString(), atMs: this.elapsedMs() };
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#listeners.delete(listener);
        this.#onListenerError(error);
      }
    }
    return event;
  }
}
