import type { RunEvent } from '../../src/model/events.ts';
import type { Observable } from '../controller.ts';
import type { DashboardView } from './dashboard-view.ts';
import { reduceView } from './reduce-view.ts';

/** The picture of a session, kept up to date by its events. Its listeners are told of every change; the screen takes them together. */
export class DashboardStore implements Observable<DashboardView> {
  readonly #initial: DashboardView;
  readonly #listeners = new Set<() => void>();
  #view: DashboardView;

  constructor(initial: DashboardView) {
    this.#initial = initial;
    this.#view = initial;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): DashboardView => this.#view;

  /** For `Journal.subscribe`. */
  readonly record = (event: RunEvent): void => {
    this.#set(reduceView(this.#view, event));
  };

  /** Says what no event says, for example that an environment that was kept is ready. */
  update(change: Partial<DashboardView>): void {
    this.#set({ ...this.#view, ...change });
  }

  /** Starts from nothing and takes these events at once. */
  rebuild(events: readonly RunEvent[]): void {
    this.#set(events.reduce(reduceView, this.#initial));
  }

  #set(view: DashboardView): void {
    if (view === this.#view) return;
    this.#view = view;
    for (const listener of this.#listeners) listener();
  }
}
