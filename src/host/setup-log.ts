import type { LogExcerpt } from '../model/errors.ts';
import type { Host } from './host.ts';

const keptLines = 12;

/** A log file that is written line by line and remembers its end for an error. */
export class SetupLog {
  readonly path: string;
  readonly #host: Host;
  readonly #lines: string[] = [];
  #written: Promise<void> = Promise.resolve();

  constructor(host: Host, path: string) {
    this.#host = host;
    this.path = path;
  }

  add(line: string): void {
    this.#lines.push(line);
    // A log that can't be written must not stop what it tells about.
    this.#written = this.#written.then(async () => this.#host.appendText(this.path, `${line}\n`)).catch(() => {});
  }

  /** Every line so far, oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  async excerpt(): Promise<LogExcerpt> {
    await this.#written;
    return { path: this.path, lines: this.#lines.filter((line) => line.trim() !== '').slice(-keptLines) };
  }
}
