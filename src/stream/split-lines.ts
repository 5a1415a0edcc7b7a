import { StringDecoder } from 'node:string_decoder';

/** In UTF-16 units. No program under test writes such lines on purpose, and one without an end must not fill the memory. */
const defaultLongest = 64 * 1024;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Cuts a byte stream into lines: `\n`, `\r\n` and a lone `\r` before more text (a console's overprinting) end one.
 * Of a line that is too long the start is given, with how much is missing. However the stream is cut into chunks, the lines are the same.
 */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #longest: number;
  /** The start of the line that is being read. */
  #rest = '';
  /** UTF-16 units of it that are left out. */
  #missing = 0;
  /** It ended with `\r`: what comes next says whether a `\n` belongs to it. */
  #returned = false;

  constructor({ longest = defaultLongest } = {}) {
    this.#longest = longest;
  }

  /** The lines that this chunk completed, without their ends. */
  push(chunk: Uint8Array | string): string[] {
    const text = typeof chunk === 'string' ? chunk : this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    return this.#take(text);
  }

  /** What came after the last line end, if anything. */
  end(): string[] {
    const lines = this.#take(this.#decoder.end());
    const rest = this.#line();
    if (rest !== '') lines.push(rest);
    return lines;
  }

  #take(text: string): string[] {
    const lines: string[] = [];
    let at = 0;
    // Found once and kept: looking for the same `\n` at every `\r` would take quadratic time.
    let feed = text.indexOf('\n');
    let back = text.indexOf('\r');
    while (at < text.length) {
      if (this.#returned) {
        const code = text.charCodeAt(at);
        if (code === carriageReturn) {
          at += 1;
          continue;
        }
        this.#returned = false;
        lines.push(this.#line());
        if (code === lineFeed) {
          at += 1;
          continue;
        }
      }
      if (feed !== -1 && feed < at) feed = text.indexOf('\n', at);
      if (back !== -1 && back < at) back = text.indexOf('\r', at);
      const end = feed === -1 ? back : back === -1 ? feed : Math.min(feed, back);
      this.#add(text, at, end === -1 ? text.length : end);
      if (end === -1) break;
      at = end + 1;
      if (end === feed) lines.push(this.#line());
      else this.#returned = true;
    }
    return lines;
  }

  #add(text: string, start: number, end: number): void {
    const kept = Math.min(end - start, this.#longest - this.#rest.length);
    this.#missing += end - start - kept;
    if (kept > 0) this.#rest += text.slice(start, start + kept);
  }

  #line(): string {
    const line = this.#missing === 0 ? this.#rest : `${this.#rest.toWellFormed()} … (${this.#missing} more characters)`;
    this.#rest = '';
    this.#missing = 0;
    this.#returned = false;
    return line;
  }
}
