import type { ShortenedLog } from '../model/summary.ts';

/** What a file of a run did not take. */
export class DroppedCount {
  readonly #file: string;
  #lines = 0;
  #bytes = 0;

  /** `file`: its name in the run's folder. */
  constructor(file: string) {
    this.#file = file;
  }

  add(bytes: number): void {
    this.#lines += 1;
    this.#bytes += bytes;
  }

  /** Null where everything was taken. */
  get shortened(): ShortenedLog | null {
    return this.#lines === 0 ? null : { file: this.#file, droppedLines: this.#lines, droppedBytes: this.#bytes };
  }
}
