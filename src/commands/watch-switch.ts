import { messageOf } from '../model/errors.ts';
import { mergeChanges, type SourceChange } from './source-change.ts';
import type { ChangeListener, SourceChanges } from './source-changes.ts';

export interface WatchSwitchOptions {
  /** Begins to watch; rejects where that can't be. */
  readonly open: (listener: ChangeListener) => Promise<SourceChanges>;
  /** There is a change to take. */
  readonly onChange: (change: SourceChange) => void;
  /** Folder that is watched now; null: none. */
  readonly onWatching: (folder: string | null) => void;
  /** Something to say; one line. */
  readonly onMessage: (message: string) => void;
}

/** The dashboard's watch: on or off, and the change that no round has taken yet. */
export class WatchSwitch {
  readonly #options: WatchSwitchOptions;
  #watch: Promise<SourceChanges> | null = null;
  #change: SourceChange | null = null;
  #testcases: readonly string[] = [];

  constructor(options: WatchSwitchOptions) {
    this.#options = options;
  }

  /** What a round runs where everything has passed. */
  get testcases(): readonly string[] {
    return this.#testcases;
  }

  get hasChange(): boolean {
    return this.#change !== null;
  }

  /** The change that a round begins with; once. */
  take(): SourceChange | null {
    const change = this.#change;
    this.#change = null;
    return change;
  }

  toggle(testcases: readonly string[]): void {
    if (this.#watch === null) this.#begin(testcases);
    else this.end();
  }

  end(): void {
    if (this.#watch === null) return;
    this.#close(this.#watch);
    this.#watch = null;
    this.#change = null;
    this.#options.onWatching(null);
  }

  #begin(testcases: readonly string[]): void {
    const { open, onChange, onWatching, onMessage } = this.#options;
    this.#testcases = testcases;
    const watch = open({
      onChange: (change) => {
        if (this.#watch !== watch) return;
        this.#change = mergeChanges(this.#change, change);
        onChange(change);
      },
      onNote: onMessage,
    });
    this.#watch = watch;
    watch.then(
      ({ folder }) => {
        if (this.#watch === watch) onWatching(folder);
      },
      (error) => {
        if (this.#watch !== watch) return;
        this.#watch = null;
        onMessage(messageOf(error));
      },
    );
  }

  #close(watch: Promise<SourceChanges>): void {
    watch.then(
      (changes) => changes.close(),
      () => {},
    );
  }
}
