import type { WriteStream } from 'node:fs';
import type { ShortenedLog } from '../model/summary.ts';

/** A log in a run's folder that keeps its first `maxBytes`; of what comes after them it keeps count, told in its last line. */
export class LogFile {
  readonly stream: WriteStream;
  readonly #name: string;
  readonly #maxBytes: number;
  #bytes = 0;
  #droppedLines = 0;
  #droppedBytes = 0;

  constructor(name: string, stream: WriteStream, maxBytes: number) {
    this.#name = name;
    this.stream = stream;
    this.#maxBytes = maxBytes;
  }

  /** Null where everything is there. */
  get shortened(): ShortenedLog | null {
    return this.#droppedLines === 0 ? null : { file: this.#name, droppedLines: this.#droppedLines, droppedBytes: this.#droppedBytes };
  }

  write(line: string): void {
    if (this.stream.writableEnded) return;
    const bytes = Buffer.byteLength(line) + 1;
    // A shorter line that would fit after one that did not is left out as well: the log has one end.
    if (this.#droppedLines > 0 || this.#bytes + bytes > this.#maxBytes) {
      this.#droppedLines += 1;
      this.#droppedBytes += bytes;
      return;
    }
    this.#bytes += bytes;
    this.stream.write(`${line}\n`);
  }

  end(): void {
    if (this.stream.writableEnded) return;
    if (this.#droppedLines > 0)
      this.stream.write(`nfstest-tui: ${this.#droppedLines} more lines (${this.#droppedBytes} bytes) were left out: LOG_MAX is reached\n`);
    this.stream.end();
  }
}
