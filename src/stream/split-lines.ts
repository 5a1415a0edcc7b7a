import { StringDecoder } from 'node:string_decoder';

/** Cuts a byte stream into lines: `\n`, `\r\n` and a lone `\r` before more text (a console's overprinting) end one. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  /** The lines that this chunk completed, without their ends. */
  push(chunk: Uint8Array | string): string[] {
    this.#rest += typeof chunk === 'string' ? chunk : this.#decoder.write(Buffer.from(chunk));
    // A trailing \r waits: the next chunk may bring its \n.
    const parts = this.#rest.split(/\r*\n|\r+(?!\n|$|\r)/);
    this.#rest = parts.pop() ?? '';
    return parts;
  }

  /** What came after the last line end, if anything. */
  end(): string[] {
    const rest = (this.#rest + this.#decoder.end()).replace(/\r+$/, '');
    this.#rest = '';
    return rest === '' ? [] : [rest];
  }
}
