import { Buffer } from 'node:buffer';

/** Passes bytes on up to a mark, which is not passed on and may come in pieces. What comes after it is dropped. */
export class MarkFilter {
  readonly #mark: Buffer;
  readonly #onBytes: (chunk: Uint8Array) => void;
  /** The end of what came, as far as it may be the mark's beginning. */
  #held: Buffer = Buffer.alloc(0);
  #found = false;

  constructor(mark: string, onBytes: (chunk: Uint8Array) => void) {
    this.#mark = Buffer.from(mark);
    this.#onBytes = onBytes;
  }

  /** Whether the mark has come. */
  push(chunk: Uint8Array | string): boolean {
    if (this.#found) return true;
    const bytes = Buffer.concat([this.#held, typeof chunk === 'string' ? Buffer.from(chunk) : chunk]);
    const at = bytes.indexOf(this.#mark);
    this.#found = at >= 0;
    const length = this.#found ? at : bytes.length - this.#beginningAtEnd(bytes);
    this.#held = this.#found ? Buffer.alloc(0) : bytes.subarray(length);
    if (length > 0) this.#onBytes(bytes.subarray(0, length));
    return this.#found;
  }

  /** Passes on what was held back: no mark follows. */
  end(): void {
    if (this.#held.length > 0) this.#onBytes(this.#held);
    this.#held = Buffer.alloc(0);
    this.#found = true;
  }

  /** How many of the last bytes are the mark's first ones. */
  #beginningAtEnd(bytes: Buffer): number {
    for (let length = Math.min(this.#mark.length - 1, bytes.length); length > 0; length--) {
      if (bytes.subarray(-length).equals(this.#mark.subarray(0, length))) return length;
    }
    return 0;
  }
}
