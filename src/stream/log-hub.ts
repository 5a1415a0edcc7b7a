import { type LogChannel, logChannels } from '../model/events.ts';
import { LogBuffer } from './ring-buffer.ts';
import { LineSplitter } from './split-lines.ts';

export type LineListener = (channel: LogChannel, line: string, lane: number) => void;

/** The logs of a lane: bytes in, lines out to a ring buffer per channel and to listeners (files, the `--ci` printer, the parser). */
export class LogHub {
  readonly buffers: Readonly<Record<LogChannel, LogBuffer>>;
  readonly #splitters: Readonly<Record<LogChannel, LineSplitter>>;
  readonly #listeners = new Set<LineListener>();

  readonly lane: number;

  constructor(lane = 0) {
    this.lane = lane;
    const each = <T>(make: () => T) => Object.fromEntries(logChannels.map((channel) => [channel, make()])) as Record<LogChannel, T>;
    this.buffers = each(() => new LogBuffer());
    this.#splitters = each(() => new LineSplitter());
  }

  subscribe(listener: LineListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  write(channel: LogChannel, chunk: Uint8Array | string): void {
    for (const line of this.#splitters[channel].push(chunk)) this.#emit(channel, line);
  }

  /** Flushes a last line without end. */
  end(channel: LogChannel): void {
    for (const line of this.#splitters[channel].end()) this.#emit(channel, line);
  }

  #emit(channel: LogChannel, line: string): void {
    this.buffers[channel].push(line);
    for (const listener of this.#listeners) listener(channel, line, this.lane);
  }
}
