/** Parts of the log that were written at about the same time may come in another order than their timestamps. */
const overlapMs = 100;
const headerBytes = 8;
const timestamp = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) /;
/** Longer than any timestamp. */
const maxTimestampBytes = 40;

/**
 * Reads a container's log with the engine's timestamps, takes them off, and goes on where it was when the log is opened again.
 *
 * A timestamp alone does not say where that is: the engine takes output and errors side by side, so that a later part may have an earlier
 * timestamp, and Podman gives whole seconds. So the log is asked for from a little before the last timestamp, and of each timestamp as many
 * parts are left out as were read. Formats: Docker's API, "Attach to a container" (frames) and "Get container logs" (`since`, `timestamps`).
 */
export class ContainerLogReader {
  #rest: Buffer = Buffer.alloc(0);
  /** How many parts were read, by timestamp; only of the last ones. */
  readonly #read = new Map<string, number>();
  #lastMs = 0;
  /** Parts that have been read and come once more. */
  #skipped = new Map<string, number>();
  #fromMs = 0;

  /** Timestamps that are kept in mind. */
  get remembered(): number {
    return this.#read.size;
  }

  /** To be called before the log is opened, again: the query's `since`, in seconds. */
  open(): number {
    // What was cut in the middle comes once more, whole.
    this.#rest = Buffer.alloc(0);
    this.#skipped = new Map(this.#read);
    this.#fromMs = Math.max(0, this.#lastMs - overlapMs);
    return this.#fromMs / 1000;
  }

  /** What the container wrote, of a chunk of the engine's stream. */
  push(chunk: Uint8Array): Buffer {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const texts: Buffer[] = [];
    let at = 0;
    while (this.#rest.length - at >= headerBytes) {
      const end = at + headerBytes + this.#rest.readUInt32BE(at + 4);
      if (this.#rest.length < end) break;
      const text = this.#partOf(this.#rest.subarray(at + headerBytes, end));
      if (text !== null) texts.push(text);
      at = end;
    }
    this.#rest = this.#rest.subarray(at);
    return texts.length === 1 && texts[0] ? texts[0] : Buffer.concat(texts);
  }

  /** A part without its timestamp; null where it has been read before. */
  #partOf(frame: Buffer): Buffer | null {
    const found = timestamp.exec(frame.toString('latin1', 0, maxTimestampBytes))?.[0];
    if (found === undefined) return frame;
    const atMs = Date.parse(found.trimEnd());
    if (atMs < this.#fromMs) return null;
    const again = this.#skipped.get(found) ?? 0;
    if (again > 0) {
      this.#skipped.set(found, again - 1);
      return null;
    }
    this.#read.set(found, (this.#read.get(found) ?? 0) + 1);
    if (atMs > this.#lastMs) this.#forgetBefore(atMs);
    return frame.subarray(found.length);
  }

  #forgetBefore(lastMs: number): void {
    this.#lastMs = lastMs;
    for (const text of this.#read.keys()) {
      if (Date.parse(text.trimEnd()) >= lastMs - overlapMs) break;
      this.#read.delete(text);
    }
  }
}
