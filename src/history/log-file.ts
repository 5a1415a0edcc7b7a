import type { WriteStream } from 'node:fs';
import type { ShortenedLog } from '../model/summary.ts';
import { DroppedCount } from './dropped-count.ts';
import { GatheredWriter } from './gathered-writer.ts';

/** A log in a run's folder that keeps its first `maxBytes`; of what comes after them it keeps count, told in its last line. */
export class LogFile {
  readonly #file: GatheredWriter;
  readonly #maxBytes: number;
  readonly #dropped: DroppedCount;
  #bytes = 0;

  constructor(name: string, stream: WriteStream, maxBytes: number) {
    this.#dropped = new DroppedCount(name);
    this.#file = new GatheredWriter(stream);
    this.#maxBytes = maxBytes;
  }

  get stream(): WriteStream {
    return this.#file.stream;
  }

  /** Null where everything is there. */
  get shortened(): ShortenedLog | null {
    return this.#dropped.shortened;
  }

  write(line: string): void {
    if (this.#file.ended) return;
    const bytes = Buffer.byteLength(line) + 1;
    // A shorter line that would fit after one that did not is left out as well: the log has one end.
    if (this.shortened !== null || this.#bytes + bytes > this.#maxBytes) {
      this.#dropped.add(bytes);
      return;
    }
    this.#bytes += bytes;
    this.#file.write(`${line}\n`);
  }

  flush(): Promise<void> {
    return this.#file.flush();
  }

  end(): void {
    if (this.#file.ended) return;
    const { shortened } = this;
    if (shortened !== null)
      this.#file.write(`nfstest-tui: ${shortened.droppedLines} more lines (${shortened.droppedBytes} bytes) were left out: LOG_MAX is reached\n`);
    this.#file.end();
  }
}
