import type { NfsVersion } from '../config/options.ts';
import { appendEvents } from '../history/append-events.ts';
import type { EventBody } from '../model/events.ts';
import type { Outcome } from '../model/verdict.ts';
import type { OpenRun } from './open-run.ts';
import type { RoundResult } from './session-rounds.ts';
import { gridOf } from './versions.ts';

/** The dashboard's runs of one selection over several NFS versions: which is next, and the grid of them at the end. */
export class VersionQueue {
  readonly #run: Pick<OpenRun, 'versions' | 'skippedVersions' | 'recorder'>;
  readonly #testcases: readonly string[];
  readonly #waiting: NfsVersion[];
  readonly #results: RoundResult[] = [];
  #current: NfsVersion | null = null;

  constructor(run: Pick<OpenRun, 'versions' | 'skippedVersions' | 'recorder'>, testcases: readonly string[]) {
    this.#run = run;
    this.#testcases = testcases;
    this.#waiting = [...run.versions];
  }

  get testcases(): readonly string[] {
    return this.#testcases;
  }

  /** The version that is to be run now; null where there is none left. */
  next(): NfsVersion | null {
    this.#current = this.#waiting.shift() ?? null;
    return this.#current;
  }

  /** Begins no further version. */
  stop(): void {
    this.#waiting.length = 0;
  }

  /** A version has been run. */
  conclude(outcome: Outcome): void {
    const { recorder } = this.#run;
    if (this.#current === null) return;
    this.#results.push({
      ...{ round: { testcases: this.#testcases, manner: { nfsVersion: this.#current } }, folder: recorder.folder, state: recorder.state, outcome },
    });
    this.#current = null;
  }

  /** Adds the grid to the recording of each version's run. The newest one's is still open. */
  async writeGrid(outcome: Outcome): Promise<void> {
    const { recorder, versions, skippedVersions } = this.#run;
    if (versions.length < 2) return;
    const grid: EventBody = gridOf({ outcome, results: this.#results, versions, skippedVersions });
    recorder.record(grid);
    for (const { folder } of this.#results) if (folder !== recorder.folder) await appendEvents(folder, [grid]);
  }
}
