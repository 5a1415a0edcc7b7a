import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * A file that QEMU appends the console to, read as it grows. QEMU knows no bound for it, so whoever follows keeps one:
 * where the file has grown past it and everything is read, the file is emptied, and QEMU's next write begins it anew.
 */
export class ConsoleFile {
  readonly #file: FileHandle;
  readonly #maxBytes: number;
  readonly #buffer = Buffer.alloc(64 * 1024);
  #position = 0;
  #droppedBytes = 0;

  private constructor(file: FileHandle, maxBytes: number) {
    this.#file = file;
    this.#maxBytes = maxBytes;
  }

  /** @param maxBytes how long the file may become; without it the file is read alone, never changed. */
  static async open(path: string, maxBytes = Number.POSITIVE_INFINITY): Promise<ConsoleFile> {
    const flags = maxBytes === Number.POSITIVE_INFINITY ? constants.O_RDONLY : constants.O_RDWR | constants.O_APPEND;
    return new ConsoleFile(await open(path, flags), maxBytes);
  }

  /** What was written since the last call, a part of it where it is much; empty where nothing was. */
  async read(): Promise<Uint8Array> {
    const { size } = await this.#file.stat();
    // Somebody else who follows it has emptied it.
    if (size < this.#position) this.#position = 0;
    const unread = size - this.#position;
    // Left to itself for long, or written faster than it can be read, it is not worth reading to its end.
    if (size > this.#maxBytes && (unread === 0 || unread > this.#maxBytes)) await this.#empty(size);
    const { bytesRead } = await this.#file.read(this.#buffer, 0, this.#buffer.length, this.#position);
    this.#position += bytesRead;
    return Uint8Array.from(this.#buffer.subarray(0, bytesRead));
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** What QEMU writes between the look at the size and this is lost and not counted: some bytes of a flood. */
  async #empty(size: number): Promise<void> {
    await this.#file.truncate(0);
    this.#position = 0;
    this.#droppedBytes += size;
    await this.#file.appendFile(`\nnfstest-tui: ${this.#droppedBytes} bytes of the console before this line were left out: LOG_MAX is reached\n`);
  }
}
