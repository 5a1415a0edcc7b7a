import { join } from 'node:path';
import type { LogChannel } from '../model/events.ts';
import { logFile } from '../model/log-file.ts';
import { LogBuffer } from '../stream/ring-buffer.ts';

/** The logs of a dashboard's session: they go on over its runs, and over environments that are started again. */
export class SessionLogs {
  readonly #buffers = new Map<string, LogBuffer>();
  /** Where each log was last written to: the console of a VM that booted three runs ago is in that run's folder. */
  readonly #files = new Map<string, string>();

  /** The same buffer for the same log, whether it has lines yet or not. */
  buffer(channel: LogChannel, lane: number): LogBuffer {
    const name = logFile(channel, lane);
    const known = this.#buffers.get(name);
    if (known !== undefined) return known;
    const buffer = new LogBuffer();
    this.#buffers.set(name, buffer);
    return buffer;
  }

  /** Takes a line that is also kept in a run's folder. */
  push(channel: LogChannel, lane: number, line: string, folder: string): void {
    this.buffer(channel, lane).push(line);
    const name = logFile(channel, lane);
    this.#files.set(name, join(folder, name));
  }

  /** Path of a log; in this folder where nothing was written to it yet, null where there is none. */
  file(channel: LogChannel, lane: number, folder: string | null): string | null {
    const name = logFile(channel, lane);
    return this.#files.get(name) ?? (folder === null ? null : join(folder, name));
  }
}
