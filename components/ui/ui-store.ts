import type { Observable } from '../controller.ts';
import { reduceUi, type UiAction } from './reduce-ui.ts';
import type { UiState } from './ui-state.ts';

/** Holds the screen's state outside of React: several keys that arrive at once must each see what the one before has done. */
export class UiStore implements Observable<UiState> {
  readonly #listeners = new Set<() => void>();
  #state: UiState;

  constructor(initial: UiState) {
    this.#state = initial;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): UiState => this.#state;

  readonly dispatch = (action: UiAction): void => {
    const next = reduceUi(this.#state, action);
    if (next === this.#state) return;
    this.#state = next;
    for (const listener of this.#listeners) listener();
  };
}
