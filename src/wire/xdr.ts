/** Reads XDR (RFC 4506) from the front. Past the end it throws RangeError. */
export class XdrReader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint(): number {
    const value = this.#view.getUint32(this.#at);
    this.#at += 4;
    return value;
  }

  skip(byteCount: number): void {
    this.#at += byteCount;
    if (this.#at > this.#view.byteLength) throw new RangeError('the message ends early');
  }

  /** Bytes or text of any length, filled up to four. */
  skipOpaque(): void {
    this.skip(Math.ceil(this.uint() / 4) * 4);
  }

  /** So many times as its first word says. */
  skipArray(itemBytes: number): void {
    this.skip(this.uint() * itemBytes);
  }
}
