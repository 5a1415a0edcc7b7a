import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientChannel, type ConnectConfig, type SFTPWrapper } from 'ssh2';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { hostKeyCheck } from './ssh-host-key.ts';
import type { Cancellable, OnBytes, RemoteExit, RemoteService, RemoteSession, RemoteTarget } from './types.ts';

const lost = (what: string, cause?: unknown) =>
  new EnvironmentError(`the connection to the client VM was lost ${what}`, 'see vm.log for what happened in the VM', {
    exitCode: ExitCode.clientLost,
    cause,
  });

const refused = (what: string, cause: Error) =>
  new EnvironmentError(`the client VM refused ${what}: ${messageOf(cause)}`, 'see vm.log for what happened in the VM', { cause });

const closeGraceMs = 1_000;
const retryMs = 500;
/**
 * A channel stays open as long as a child of the command holds its output: so long it may be quiet after the command's end, and so long it is
 * read at most. What a command that was killed has left behind is nobody's any more: it is read for what was on its way.
 */
const afterExit = { quietMs: 5_000, openMs: 30_000, killedMs: 1_000 } as const;
/** How many in a row go without an answer before a guest counts as lost. */
const keepalives = 4;

/** Asks the command to end, then takes its channel away. */
function endChannel(channel: ClientChannel): void {
  channel.signal('TERM');
  channel.close();
}

/** SSH sessions with the guest. */
export class Ssh2RemoteService implements RemoteService {
  readonly #answerMs: number;

  /** A guest that does not answer for `answerMs` and a quarter of it is lost. */
  constructor({ answerMs = 20_000 }: { answerMs?: number } = {}) {
    this.#answerMs = answerMs;
  }

  async connect(target: RemoteTarget, { signal, deadlineMs }: Cancellable & { deadlineMs: number }): Promise<RemoteSession> {
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      signal.throwIfAborted();
      try {
        return new Ssh2Session(
          await connectOnce(target, { signal, answerMs: this.#answerMs, timeoutMs: Math.max(1, Math.min(20_000, deadline - Date.now())) }),
        );
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof EnvironmentError) throw error;
        const refused = (error as { level?: string }).level === 'client-authentication';
        if (refused || Date.now() >= deadline) {
          throw new EnvironmentError(
            refused ? 'the client VM does not accept our SSH key' : `no SSH connection to the client VM within ${deadlineMs / 1000} s: ${messageOf(error)}`,
            refused ? 'its cidata.iso was made for another key: remove it (or --cidata) and start again' : 'see vm.log for what happened in the VM',
            { exitCode: ExitCode.environment, cause: error },
          );
        }
        await sleep(retryMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  }
}

function connectOnce(target: RemoteTarget, { signal, timeoutMs, answerMs }: Cancellable & { timeoutMs: number; answerMs: number }): Promise<Client> {
  const { config: hostKey, judge } = hostKeyCheck(target);
  const { hostVerifier, serverHostKey } = hostKey;
  const config: ConnectConfig = {
    host: target.host,
    port: target.port,
    username: target.user,
    privateKey: target.privateKey,
    readyTimeout: timeoutMs,
    // Past the last of them one more interval goes by: five quarters of the time.
    keepaliveInterval: Math.ceil(answerMs / keepalives),
    keepaliveCountMax: keepalives,
    // Emulated guests are quicker with AES, which -cpu max gives in hardware form, than with chacha20.
    algorithms: {
      cipher: { prepend: ['aes128-gcm@openssh.com', 'aes128-ctr'], append: [], remove: [] },
      ...(serverHostKey === undefined ? {} : { serverHostKey }),
    },
    ...(hostVerifier === undefined ? {} : { hostVerifier }),
  };
  return new Promise((resolve, reject) => {
    const client = new Client();
    const abort = () => {
      client.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    // Small packets of a protocol that answers each must not wait for each other.
    client.once('connect', () => client.setNoDelay(true));
    client.once('ready', () => {
      signal.removeEventListener('abort', abort);
      resolve(client);
    });
    client.on('error', (error) => {
      signal.removeEventListener('abort', abort);
      client.destroy();
      reject(judge(error) ?? error);
    });
    try {
      client.connect(config);
    } catch (error) {
      signal.removeEventListener('abort', abort);
      reject(
        new EnvironmentError(`the SSH key can't be used: ${messageOf(error)}`, 'remove id_ed25519 and id_ed25519.pub in the VM folder to have them made anew', {
          cause: error,
        }),
      );
    }
  });
}

class Ssh2Session implements RemoteSession {
  readonly closed: Promise<void>;
  readonly #client: Client;
  #gone = false;

  constructor(client: Client) {
    this.#client = client;
    // One for every operation under way.
    client.setMaxListeners(0);
    this.closed = new Promise((resolve) => {
      client.once('close', () => {
        this.#gone = true;
        resolve();
      });
    });
  }

  exec(command: string, options: Cancellable & { onStdout?: OnBytes; onStderr?: OnBytes }): Promise<RemoteExit> {
    return this.#open({
      what: 'a command',
      signal: options.signal,
      request: (done) => this.#client.exec(command, done),
      use: (channel: ClientChannel) => followCommand(channel, options),
      endLate: endChannel,
    });
  }

  writeFile(path: string, content: NodeJS.ReadableStream | string, { signal }: Cancellable): Promise<void> {
    return this.#open({
      what: 'an upload',
      signal,
      request: (done) => this.#client.sftp(done),
      use: async (sftp: SFTPWrapper) => {
        try {
          const source = typeof content === 'string' ? [content] : content;
          await pipeline(source, sftp.createWriteStream(path), { signal });
        } catch (error) {
          signal.throwIfAborted();
          if (this.#gone) throw lost('during an upload', error);
          throw new EnvironmentError(`could not write ${path} in the client VM: ${messageOf(error)}`, 'see vm.log', { cause: error });
        } finally {
          sftp.end();
        }
      },
      endLate: (sftp) => sftp.end(),
    });
  }

  close(): void {
    this.#client.end();
    // A guest that hangs never answers the good-bye; its socket would keep the program running.
    setTimeout(() => this.#client.destroy(), closeGraceMs).unref();
  }

  /** Opens a channel and uses it. A guest that hangs doesn't answer: then the signal ends the wait, and what is opened late is ended. */
  async #open<Opened, Result>({ what, signal, request, use, endLate }: Opening<Opened, Result>): Promise<Result> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      let waiting = true;
      const finish = (act: () => void) => {
        waiting = false;
        signal.removeEventListener('abort', abort);
        this.#client.removeListener('close', onLost);
        act();
      };
      const abort = () => finish(() => reject(signal.reason));
      const onLost = () => finish(() => reject(lost(`before ${what}`)));
      signal.addEventListener('abort', abort, { once: true });
      this.#client.once('close', onLost);
      try {
        request((error, opened) => {
          if (!waiting) {
            if (!error) endLate(opened);
          } else if (error) finish(() => reject(this.#gone ? lost(`before ${what}`, error) : refused(what, error)));
          else finish(() => resolve(use(opened)));
        });
      } catch (error) {
        // ssh2 throws where the connection is gone already.
        finish(() => reject(lost(`before ${what}`, error)));
      }
    });
  }
}

interface Opening<Opened, Result> {
  /** For messages. */
  readonly what: string;
  readonly signal: AbortSignal;
  readonly request: (done: (error: Error | undefined, opened: Opened) => void) => void;
  /** Called in the same turn: a quick command's end comes with the very packet that opens its channel. */
  readonly use: (opened: Opened) => Promise<Result>;
  readonly endLate: (opened: Opened) => void;
}

function followCommand(
  channel: ClientChannel,
  { signal, onStdout = () => {}, onStderr = () => {} }: Cancellable & { onStdout?: OnBytes; onStderr?: OnBytes },
): Promise<RemoteExit> {
  return new Promise((resolve, reject) => {
    let exit: RemoteExit | undefined;
    let quiet: NodeJS.Timeout | undefined;
    let open: NodeJS.Timeout | undefined;
    const settle = () => {
      clearTimeout(quiet);
      clearTimeout(open);
      signal.removeEventListener('abort', abort);
    };
    const abort = () => {
      settle();
      endChannel(channel);
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    const receive = (onBytes: OnBytes) => (chunk: Buffer) => {
      quiet?.refresh();
      onBytes(chunk);
    };
    channel.on('data', receive(onStdout));
    channel.stderr.on('data', receive(onStderr));
    channel.on('exit', (exitCode: number | null, name?: string) => {
      exit = { exitCode, signal: name ?? null };
      quiet = setTimeout(() => channel.close(), afterExit.quietMs);
      open = setTimeout(() => channel.close(), exit.signal === null ? afterExit.openMs : afterExit.killedMs);
    });
    channel.on('close', () => {
      settle();
      // A channel that closes without an exit status died with its connection.
      if (exit) resolve(exit);
      else reject(lost('while a command ran'));
    });
  });
}
