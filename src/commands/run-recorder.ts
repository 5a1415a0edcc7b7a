import { pruneRuns } from '../history/prune-runs.ts';
import { createRunFolder, type RunFolder } from '../history/run-folder.ts';
import { newRunId } from '../history/run-id.ts';
import { type EnvironmentError, messageOf } from '../model/errors.ts';
import type { EventBody, RunStarted } from '../model/events.ts';
import { emptyRunState, type RunState, reduce, tellsOfKnown } from '../model/run-state.ts';
import type { Outcome } from '../model/verdict.ts';
import { combineReporters, type Reporter } from '../reporters/index.ts';
import { type EventListener, Journal } from '../stream/journal.ts';
import type { LogHub } from '../stream/log-hub.ts';

export interface RecorderOptions {
  readonly runsDir: string;
  /** How many runs are kept, this one included. */
  readonly runsKeep: number;
  /** Longest log of a run, in bytes. */
  readonly logMaxBytes: number;
  /** Longest file of events, in bytes; see `EventFile`. */
  readonly eventsMaxBytes?: number;
  /** One per lane. */
  readonly logs: readonly LogHub[];
  /** Makes a run's reporters; called when its folder exists. */
  readonly reporters: (folder: string) => readonly Reporter[];
  /** Told when something can't be written. */
  readonly onTrouble: (error: EnvironmentError) => void;
}

/** Keeps runs: stamps events, writes their folder, feeds reporters and listeners. A session in one environment is several runs, one after the other. */
export class RunRecorder {
  readonly #options: RecorderOptions;
  readonly #listeners = new Set<EventListener>();
  #state = emptyRunState;
  #journal: Journal;
  #folder: RunFolder;
  #reporter: Required<Reporter>;
  #unsubscribe = () => {};
  #finished = false;

  /** Opens the first run's folder, so that what can't be written is known before anything starts. */
  constructor(options: RecorderOptions) {
    this.#options = options;
    ({ journal: this.#journal, folder: this.#folder, reporter: this.#reporter } = this.#open());
  }

  get runId(): string {
    return this.#journal.runId;
  }

  get folder(): string {
    return this.#folder.dir;
  }

  /** Of the run that goes on, or of the last one. */
  get state(): RunState {
    return this.#state;
  }

  /** Milliseconds since the run began. */
  get elapsedMs(): number {
    return this.#journal.elapsedMs();
  }

  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  record(body: EventBody, lane = 0): void {
    if (tellsOfKnown(this.#state, body) || this.#folder.admits(body)) this.#journal.record(body, lane);
  }

  /** Begins another run in a folder of its own, after the one before is finished. */
  async begin(started: RunStarted): Promise<void> {
    const before = this.#folder;
    this.#unsubscribe();
    ({ journal: this.#journal, folder: this.#folder, reporter: this.#reporter } = this.#open());
    this.#finished = false;
    this.record(started);
    await before.close();
  }

  /** What was told so far is on the disk afterwards; gives what kept it from there, or null. */
  flush(): Promise<EnvironmentError | null> {
    return this.#folder.flush();
  }

  /** Writes the run's end and its summary; once. */
  async finish(outcome: Outcome): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    const shortened = this.#folder.eventsShortened();
    if (shortened !== null) {
      const message = `${shortened.droppedLines} events were left out of ${shortened.file}, which is full; the counts of the testcases are whole`;
      this.record({ type: 'note.reported', level: 'warning', message });
    }
    this.record({ type: 'run.finished', ...outcome, durationMs: this.#journal.elapsedMs() });
    await this.#folder.writeSummary(this.#state);
    this.#reporter.finish();
    await pruneRuns(this.#options.runsDir, this.#options.runsKeep, this.runId).catch((error) =>
      process.emitWarning(`old runs can’t be deleted: ${messageOf(error)}`),
    );
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#folder.close();
  }

  #open(): { journal: Journal; folder: RunFolder; reporter: Required<Reporter> } {
    const { runsDir, logMaxBytes, eventsMaxBytes, logs, reporters, onTrouble } = this.#options;
    const warn = (what: string) => (error: unknown) => process.emitWarning(`${what} failed: ${messageOf(error)}`);
    const journal = new Journal(newRunId(), { onListenerError: warn('a listener') });
    const folder = createRunFolder(runsDir, journal.runId, { onError: onTrouble, logMaxBytes, ...(eventsMaxBytes === undefined ? {} : { eventsMaxBytes }) });
    const reporter = combineReporters(reporters(folder.dir), warn('a reporter'));
    journal.subscribe((event) => {
      this.#state = reduce(this.#state, event);
    });
    journal.subscribe(folder.onEvent);
    journal.subscribe(reporter.onEvent);
    journal.subscribe((event) => {
      for (const listener of this.#listeners) listener(event);
    });
    const ends = logs.flatMap((hub) => [hub.subscribe(folder.onLine), hub.subscribe(reporter.onLine)]);
    this.#unsubscribe = () => {
      for (const end of ends) end();
    };
    return { journal, folder, reporter };
  }
}
