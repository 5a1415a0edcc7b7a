import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { keyBlob, wrongHostKey } from './ssh-host-key.ts';
import type { Cancellable, OnBytes, RemoteExit, RemoteService, RemoteSession, RemoteTarget } from './types.ts';

/** What a command in the fake guest does. */
export interface FakeCommand {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exitCode?: number | null;
  readonly signal?: string;
  /** Milliseconds between lines of stdout. */
  readonly everyMs?: number;
  /** It does not end; or the connection breaks after its output. */
  readonly afterwards?: 'hang' | 'lose';
}

const lost = (what: string) =>
  new EnvironmentError(`the connection to the client VM was lost ${what}`, 'see vm.log for what happened in the VM', { exitCode: ExitCode.clientLost });

/** A host key of a guest, for tests. */
export const fakeHostKey = 'ssh-ed25519 RkFLRQ==';

/** A guest's shell that plays recorded commands. */
export class FakeRemoteService implements RemoteService {
  /** Answers by a part of the command line, first match first; other commands succeed silently. */
  readonly commands: [part: string, command: FakeCommand][] = [['uname -r', { stdout: '6.1.0-fake\n' }]];
  readonly sessions: FakeRemoteSession[] = [];
  readonly targets: RemoteTarget[] = [];
  /** Every command line that ran. */
  readonly ran: string[] = [];
  readonly files = new Map<string, string>();
  /** Keys that the guest accepts; null: any. */
  acceptedKey: string | null = null;
  /** Host key that it shows; null: the one that it is expected to have. */
  hostKey: string | null = null;
  /** Nobody listens. */
  unreachable = false;
  /** Its runner can open the port for the suite's output. */
  writesToPort = false;
  /** Uploads never end. */
  uploadsHang = false;

  async connect(target: RemoteTarget, { signal, deadlineMs }: Cancellable & { deadlineMs: number }): Promise<RemoteSession> {
    signal.throwIfAborted();
    this.targets.push(target);
    if (this.unreachable) {
      await sleep(deadlineMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      throw new EnvironmentError(`no SSH connection to the client VM within ${deadlineMs / 1000} s: refused`, 'see vm.log for what happened in the VM');
    }
    if (target.hostKey !== null && this.hostKey !== null && target.hostKey !== this.hostKey) {
      throw wrongHostKey(target, keyBlob(this.hostKey), keyBlob(target.hostKey));
    }
    if (this.acceptedKey !== null && this.acceptedKey !== target.privateKey) {
      throw new EnvironmentError(
        'the client VM does not accept our SSH key',
        'its cidata.iso was made for another key: remove it (or --cidata) and start again',
      );
    }
    const session = new FakeRemoteSession(this);
    this.sessions.push(session);
    return session;
  }
}

export class FakeRemoteSession implements RemoteSession {
  readonly closed: Promise<void>;
  readonly #guest: FakeRemoteService;
  readonly #gone = new AbortController();

  constructor(guest: FakeRemoteService) {
    this.#guest = guest;
    this.closed = new Promise((resolve) => this.#gone.signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  get isClosed(): boolean {
    return this.#gone.signal.aborted;
  }

  async exec(
    command: string,
    { signal, onStdout = () => {}, onStderr = () => {} }: Cancellable & { onStdout?: OnBytes; onStderr?: OnBytes },
  ): Promise<RemoteExit> {
    signal.throwIfAborted();
    if (this.isClosed) throw lost('before a command');
    this.#guest.ran.push(command);
    const {
      stdout = '',
      stderr = '',
      exitCode = 0,
      signal: name,
      everyMs,
      afterwards,
    } = this.#guest.commands.find(([part]) => command.includes(part))?.[1] ?? {};
    const wait = async (ms: number) => {
      await sleep(ms, undefined, { signal: AbortSignal.any([signal, this.#gone.signal]) }).catch(() => {});
      signal.throwIfAborted();
      if (this.isClosed) throw lost('while a command ran');
    };
    await wait(0);
    if (stderr !== '') onStderr(Buffer.from(stderr));
    for (const line of stdout.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
      if (everyMs !== undefined) await wait(everyMs);
      onStdout(Buffer.from(line));
    }
    // As the runner does that can't open its port.
    const mark = /--output-mark (\S+)/.exec(command)?.[1];
    if (mark !== undefined && !this.#guest.writesToPort && afterwards === undefined) onStdout(Buffer.from(mark));
    if (afterwards === 'lose') this.close();
    if (afterwards !== undefined) await wait(3_600_000);
    return name === undefined ? { exitCode, signal: null } : { exitCode: null, signal: name };
  }

  async writeFile(path: string, content: NodeJS.ReadableStream | string, { signal }: Cancellable): Promise<void> {
    signal.throwIfAborted();
    if (this.isClosed) throw lost('before an upload');
    if (this.#guest.uploadsHang) await sleep(3_600_000, undefined, { signal }).catch(() => signal.throwIfAborted());
    const parts: Buffer[] = [];
    for await (const chunk of typeof content === 'string' ? [content] : content) parts.push(Buffer.from(chunk));
    signal.throwIfAborted();
    this.#guest.files.set(path, Buffer.concat(parts).toString('latin1'));
  }

  close(): void {
    this.#gone.abort();
  }
}
