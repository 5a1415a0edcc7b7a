import type { Observable } from '../controller.ts';
import type { EnvironmentState } from '../view/dashboard-view.ts';
import { useSampled } from './use-observable.ts';
import { useSession } from './use-session.ts';

/** Counts while someone looks. Its looks come with the other changes, so that a spinner costs no frames of its own. */
class Ticker implements Observable<number> {
  readonly #everyMs: number;
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#timer ??= setInterval(this.#tick, this.#everyMs);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  };

  readonly getSnapshot = (): number => this.#count;

  readonly #tick = (): void => {
    this.#count += 1;
    for (const listener of this.#listeners) listener();
  };
}

const quick = new Ticker(250);
const slow = new Ticker(1000);
const still: Observable<number> = { subscribe: () => () => {}, getSnapshot: () => 0 };

/** Counts up: four times a second while something runs, once a second for clocks otherwise. */
export function useTick(environment: EnvironmentState): number {
  const { animated } = useSession();
  const busy = environment === 'starting' || environment === 'running' || environment === 'stopping';
  const over = environment === 'stopped' || environment === 'failed';
  return useSampled(!animated || over ? still : busy ? quick : slow);
}
