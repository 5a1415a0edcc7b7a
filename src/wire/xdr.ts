/** Big-endian. A DataView for each packet or message would take longer to make than to read; past the end the bytes count as 0. */
export const uint16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

/** Big-endian, unsigned. */
export const uint32 = (bytes: Uint8Array, at: number): number => ((uint16(bytes, at) << 16) | uint16(bytes, at + 2)) >>> 0;

/** Reads XDR (RFC 4506) from the front. Past the end it throws RangeError. */
export class XdrReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  uint(): number {
    const at = this.#at;
    this.skip(4);
    return uint32(this.#bytes, at);
  }

  skip(byteCount: number): void {
    this.#at += byteCount;
    if (this.#at > this.#bytes.length) throw new RangeError('the message ends early');
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
