import type { WriteStream } from 'node:fs';
import type { EventBody, RunEvent } from '../model/events.ts';
import type { ShortenedLog } from '../model/summary.ts';
import { DroppedCount } from './dropped-count.ts';
import { GatheredWriter } from './gathered-writer.ts';

/** All testcases of NFStest, with the calls of their failures, are a third of a mebibyte. It bounds memory too: screens and reports hold all of it. */
export const eventsMaxBytes = 16 * 2 ** 20;

/** What a suite can print without an end. No testcase's verdict needs them: `testcase.finished` carries the counts. */
const ofTheSuite: ReadonlySet<EventBody['type']> = new Set(['assertion.finished', 'remark.reported']);
/** What a screen shows at its moment. */
const ofTheMoment: ReadonlySet<EventBody['type']> = new Set(['server.sampled', 'progress.reported']);

/** A run's file of events, one JSON object per line. Past `maxBytes` it takes only what verdicts and reports are made of, and counts the rest. */
export class EventFile {
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

  /**
   * Whether an event is worth recording at all. One that is not is counted, and nobody should hear of it:
   * what is shown while a run goes on can be shown again later, and memory is bounded with the file.
   * What the suite prints and is written all the same, unasked, is needed (see `tellsOfKnown`).
   */
  admits(body: EventBody): boolean {
    if (!this.#isFull || !ofTheSuite.has(body.type)) return true;
    this.#dropped.add(Buffer.byteLength(JSON.stringify(body)) + 1);
    return false;
  }

  write(event: RunEvent): void {
    if (this.#file.ended) return;
    const text = JSON.stringify(event);
    const bytes = Buffer.byteLength(text) + 1;
    if (this.#isFull && ofTheMoment.has(event.type)) {
      this.#dropped.add(bytes);
      return;
    }
    this.#bytes += bytes;
    this.#file.write(`${text}\n`);
  }

  flush(): Promise<void> {
    return this.#file.flush();
  }

  end(): void {
    this.#file.end();
  }

  get #isFull(): boolean {
    return this.#bytes >= this.#maxBytes;
  }
}
