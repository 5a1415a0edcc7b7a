import { Buffer } from 'node:buffer';

/** Passes bytes on up to a mark, or between two of them. Marks may come in pieces; neither they nor what is outside is passed on. */
export class MarkFilter {
  readonly #mark: Buffer;
  readonly #onBytes: (chunk: Uint8Array) => void;
  /** The end of what came, as far as it may be the mark's beginning. */
  #held: Buffer = Buffer.alloc(0);
  #place: 'before' | 'inside' | 'after';

  constructor(mark: string, onBytes: (chunk: Uint8Array) => void, { from }: { readonly from: 'start' | 'mark' }) {
    this.#mark = Buffer.from(mark);
    this.#onBytes = onBytes;
    this.#place = from === 'mark' ? 'before' : 'inside';
  }

  /** Whether the last mark has come. */
  push(chunk: Uint8Array | string): boolean {
    let bytes = Buffer.concat([this.#held, typeof chunk === 'string' ? Buffer.from(chunk) : chunk]);
    this.#held = Buffer.alloc(0);
    while (this.#place !== 'after') {
      const at = bytes.indexOf(this.#mark);
      const length = at >= 0 ? at : bytes.length - this.#beginningAtEnd(bytes);
      if (this.#place === 'inside' && length > 0) this.#onBytes(bytes.subarray(0, length));
      if (at < 0) {
        this.#held = bytes.subarray(length);
        return false;
      }
      this.#place = this.#place === 'before' ? 'inside' : 'after';
      bytes = bytes.subarray(at + this.#mark.length);
    }
    return true;
  }

  /** Passes on what was held back: no mark follows. */
  end(): void {
    if (this.#place === 'inside' && this.#held.length > 0) this.#onBytes(this.#held);
    this.#held = Buffer.alloc(0);
    this.#place = 'after';
  }

  /** How many of the last bytes are the mark's first ones. */
  #beginningAtEnd(bytes: Buffer): number {
    for (let length = Math.min(this.#mark.length - 1, bytes.length); length > 0; length--) {
      if (bytes.subarray(-length).equals(this.#mark.subarray(0, length))) return length;
    }
    return 0;
  }
}
