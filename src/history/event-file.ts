import type { WriteStream } from 'node:fs';
import type { EventBody, RunEvent } from '../model/events.ts';
import type { ShortenedLog } from '../model/summary.ts';

/** All testcases of NFStest, with the calls of their failures, are a third of a mebibyte. It bounds memory too: screens and reports hold all of it. */
export const eventsMaxBytes = 16 * 2 ** 20;

/** What a suite can print without an end. No testcase's verdict needs them: `testcase.finished` carries the counts. */
const ofTheSuite: ReadonlySet<EventBody['type']> = new Set(['assertion.finished', 'remark.reported']);
/** What a screen shows at its moment. */
const ofTheMoment: ReadonlySet<EventBody['type']> = new Set(['server.sampled', 'progress.reported']);

/** A run's file of events, one JSON object per line. Past `maxBytes` it takes only what verdicts and reports are made of, and counts the rest. */
export class EventFile {
  readonly stream: WriteStream;
  readonly #name: string;
  readonly #maxBytes: number;
  #bytes = 0;
  #droppedEvents = 0;
  #droppedBytes = 0;

  constructor(name: string, stream: WriteStream, maxBytes: number) {
    this.#name = name;
    this.stream = stream;
    this.#maxBytes = maxBytes;
  }

  /** Null where everything is there. */
  get shortened(): ShortenedLog | null {
    return this.#droppedEvents === 0 ? null : { file: this.#name, droppedLines: this.#droppedEvents, droppedBytes: this.#droppedBytes };
  }

  /**
   * Whether an event is worth recording at all. One that is not is counted, and nobody should hear of it:
   * what is shown while a run goes on can be shown again later, and memory is bounded with the file.
   * What the suite prints and is written all the same, unasked, is needed (see `tellsOfKnown`).
   */
  admits(body: EventBody): boolean {
    if (!this.#isFull || !ofTheSuite.has(body.type)) return true;
    this.#drop(JSON.stringify(body));
    return false;
  }

  write(event: RunEvent): void {
    if (this.stream.writableEnded) return;
    const text = JSON.stringify(event);
    if (this.#isFull && ofTheMoment.has(event.type)) {
      this.#drop(text);
      return;
    }
    this.#bytes += Buffer.byteLength(text) + 1;
    this.stream.write(`${text}\n`);
  }

  get #isFull(): boolean {
    return this.#bytes >= this.#maxBytes;
  }

  #drop(text: string): void {
    this.#droppedEvents += 1;
    this.#droppedBytes += Buffer.byteLength(text) + 1;
  }
}
