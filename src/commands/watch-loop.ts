import { ExitCode } from '../model/exit-codes.ts';
import type { Outcome } from '../model/verdict.ts';
import type { OpenRun } from './open-run.ts';
import { mergeChanges, type SourceChange } from './source-change.ts';

/** What a round needs of a session. */
export type RoundSession = Pick<OpenRun, 'send' | 'test' | 'nextTestcases'>;

export interface WatchLoopOptions {
  readonly selection: readonly string[];
  /** The server that runs may be older than the sources: the first round builds and restarts it. */
  readonly mayBeStale: boolean;
  /** Nothing is left to do until the next change. */
  readonly onWaiting: () => void;
}

const overtaken = ({ names }: SourceChange): Outcome => ({
  exitCode: ExitCode.interrupted,
  reason: `overtaken by a change of ${names.join(', ')}`,
  hint: null,
  log: null,
});

/** Runs a round for every change, one at a time; a newer change ends the round under way. */
export class WatchLoop {
  readonly #session: RoundSession;
  readonly #options: WatchLoopOptions;
  #state: 'starting' | 'idle' | 'round' = 'starting';
  /** The first round is behind us. */
  #hasRun = false;
  #change: SourceChange | null = null;
  #stopped = false;

  constructor(session: RoundSession, options: WatchLoopOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** A round, or the start, is under way. */
  get isBusy(): boolean {
    return this.#state !== 'idle';
  }

  changed(change: SourceChange): void {
    this.#change = mergeChanges(this.#change, change);
    if (this.#state === 'idle') this.#next();
    else if (this.#state === 'round') this.#session.send({ type: 'tests.stop', outcome: overtaken(change) });
  }

  /** The session waits for orders. */
  becameIdle(): void {
    this.#state = 'idle';
    if (this.#change !== null || !this.#hasRun) this.#next();
    else this.#options.onWaiting();
  }

  /** No further round. */
  stop(): void {
    this.#stopped = true;
  }

  #next(): void {
    if (this.#stopped) return;
    const change = this.#change;
    const { selection, mayBeStale } = this.#options;
    this.#change = null;
    this.#state = 'round';
    const begun = this.#session.test(this.#session.nextTestcases(selection), {
      changed: change?.names ?? [],
      waitedMs: change === null ? 0 : Math.round(performance.now() - change.sinceMs),
      rebuild: change !== null || (mayBeStale && !this.#hasRun),
    });
    this.#hasRun = true;
    void begun.then(() => {
      // A change that came before the session had begun the round could not stop it.
      if (this.#change !== null) this.#session.send({ type: 'tests.stop', outcome: overtaken(this.#change) });
    });
  }
}
