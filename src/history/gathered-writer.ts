import type { WriteStream } from 'node:fs';

/** What a kill takes with it. */
const gatherMs = 100;
const gatherLength = 64 * 1024;

/** Text for a file, written in few pieces: each piece wakes another thread, and an emulated client runs on the same processors. */
export class GatheredWriter {
  readonly stream: WriteStream;
  #text = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: WriteStream) {
    this.stream = stream;
  }

  get ended(): boolean {
    return this.stream.writableEnded;
  }

  write(text: string): void {
    this.#text += text;
    if (this.#text.length >= gatherLength) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), gatherMs);
  }

  /** Settles when the stream has taken all of it, or has failed. */
  flush(): Promise<void> {
    this.#flush();
    return new Promise((resolve) => {
      if (this.ended) resolve();
      else this.stream.write('', () => resolve());
    });
  }

  end(): void {
    this.#flush();
    this.stream.end();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#text !== '') this.stream.write(this.#text);
    this.#text = '';
  }
}
