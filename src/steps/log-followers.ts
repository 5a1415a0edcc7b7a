import { messageOf } from '../model/errors.ts';
import type { LogChannel } from '../model/events.ts';
import type { VmHandle } from '../services/types.ts';
import type { LogHub } from '../stream/log-hub.ts';
import { PendingWork } from './pending-work.ts';

/** What follows a lane's server and VM: their logs, and the samples of the container. */
export class LogFollowers {
  readonly #logs: Pick<LogHub, 'write'>;
  readonly #logMaxBytes: number;
  readonly #ended = new AbortController();
  readonly #work = new PendingWork();

  /** @param logMaxBytes how long the file may become that the console is read from. */
  constructor(logs: Pick<LogHub, 'write'>, logMaxBytes: number) {
    this.#logs = logs;
    this.#logMaxBytes = logMaxBytes;
  }

  /** Fires when following ends. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Resolves when all of the output is written, or following has ended; never rejects. */
  follow(channel: LogChannel, output: AsyncIterable<Uint8Array>): Promise<void> {
    const read = async () => {
      for await (const chunk of output) this.#logs.write(channel, chunk);
    };
    // A log that breaks off is no reason to end a run; the exit of its source is.
    return this.track(read().catch((error) => this.#logs.write(channel, `\n[log ended: ${messageOf(error)}]\n`)));
  }

  followConsole(vm: Pick<VmHandle, 'console'>): Promise<void> {
    return this.follow('vm', vm.console({ signal: this.signal, maxBytes: this.#logMaxBytes }));
  }

  /** Other work that ends by the signal. */
  track<T>(work: Promise<T>): Promise<T> {
    return this.#work.track(work);
  }

  /** Resolves when nothing is followed any more. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#work.settle();
  }
}
