import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

interface QmpMessage {
  readonly QMP?: object;
  readonly id?: string;
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
  readonly event?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface QmpEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Waiting {
  readonly command: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Somebody listens, and does not answer in time. */
export class QmpTimeout extends Error {}

/** A connection to QEMU's monitor. Source: QEMU's "QEMU Machine Protocol Specification". */
export class QmpSession {
  readonly #socket: Socket;
  readonly #waiting = new Map<string, Waiting>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  readonly #closers = new Set<(error: Error) => void>();
  #count = 0;
  #failure: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Connects and negotiates. Rejects where nobody listens or somebody else does. */
  static async open(socketPath: string, { timeoutMs = 5_000 } = {}): Promise<QmpSession> {
    const socket = connect(socketPath);
    const session = new QmpSession(socket);
    const greeted = Promise.withResolvers<void>();
    socket.on('error', (error) => session.#fail(error, greeted.reject));
    socket.on('close', () => session.#fail(new Error('QMP: the connection was closed'), greeted.reject));
    const lines = createInterface({ input: socket });
    lines.on('error', () => {}); // The socket's own handler has it.
    lines.on('line', (line) => {
      const message = parse(line);
      if (message === null) session.#fail(new Error('QMP: somebody else listens there'), greeted.reject);
      else if (message.QMP) greeted.resolve();
      else session.#take(message);
    });
    const timer = setTimeout(() => session.#fail(new QmpTimeout(`QMP: no greeting within ${timeoutMs} ms`), greeted.reject), timeoutMs);
    try {
      await greeted.promise;
    } finally {
      clearTimeout(timer);
    }
    await session.execute('qmp_capabilities', {}, { timeoutMs });
    return session;
  }

  /** Runs a command and gives its result. `quit` has none: it resolves when QEMU has closed the connection, which it does at its end. */
  execute(command: string, args: object = {}, { timeoutMs = 5_000 } = {}): Promise<unknown> {
    const id = `${++this.#count}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(new QmpTimeout(`QMP: no answer to ${command} within ${timeoutMs} ms`)), timeoutMs);
      const finish = <T>(act: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer);
          this.#waiting.delete(id);
          act(value);
        };
      };
      this.#waiting.set(id, { command, resolve: finish(resolve), reject: finish(reject) });
      if (this.#failure !== null) this.#fail(this.#failure);
      else this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  }

  /** Told every event from now on. */
  onEvent(listener: (event: QmpEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** Told why the connection ended; never for `close`. */
  onClose(listener: (error: Error) => void): void {
    if (this.#failure !== null) listener(this.#failure);
    else this.#closers.add(listener);
  }

  close(): void {
    this.#closers.clear();
    this.#socket.destroy();
  }

  #take({ id, return: result, error, event, data }: QmpMessage): void {
    if (event !== undefined) for (const listener of this.#listeners) listener({ name: event, data: data ?? {} });
    const waiting = this.#waiting.get(id ?? '');
    if (error) waiting?.reject(new Error(`QMP: ${error.desc}`));
    else if (waiting?.command !== 'quit') waiting?.resolve(result);
  }

  #fail(error: Error, reject: (error: Error) => void = () => {}): void {
    this.#failure ??= error;
    this.#socket.destroy();
    reject(error);
    for (const listener of this.#closers) listener(error);
    for (const waiting of this.#waiting.values()) {
      if (waiting.command === 'quit' && error.message.endsWith('was closed')) waiting.resolve(undefined);
      else waiting.reject(error);
    }
  }
}

/** Runs one command on a connection of its own. Rejects where nobody listens, the command fails or `timeoutMs` pass. */
export async function qmp(socketPath: string, command: string, { args = {}, timeoutMs = 5_000 }: { args?: object; timeoutMs?: number } = {}): Promise<unknown> {
  const session = await QmpSession.open(socketPath, { timeoutMs });
  try {
    return await session.execute(command, args, { timeoutMs });
  } finally {
    session.close();
  }
}

function parse(line: string): QmpMessage | null {
  try {
    return JSON.parse(line) as QmpMessage;
  } catch {
    return null;
  }
}
