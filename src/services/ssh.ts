import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ConnectConfig } from 'ssh2';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { Cancellable, OnBytes, RemoteExit, RemoteService, RemoteSession, RemoteTarget } from './types.ts';

const lost = (what: string, cause?: unknown) =>
  new EnvironmentError(`the connection to the client VM was lost ${what}`, 'see vm.log for what happened in the VM', {
    exitCode: ExitCode.clientLost,
    cause,
  });

/** SSH sessions with the guest. */
export class Ssh2RemoteService implements RemoteService {
  async connect(target: RemoteTarget, { signal, deadlineMs }: Cancellable & { deadlineMs: number }): Promise<RemoteSession> {
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      signal.throwIfAborted();
      try {
        return new Ssh2Session(await connectOnce(target, signal));
      } catch (error) {
        signal.throwIfAborted();
        const refused = (error as { level?: string }).level === 'client-authentication';
        if (refused || Date.now() > deadline) {
          throw new EnvironmentError(
            refused ? 'the client VM does not accept our SSH key' : `no SSH connection to the client VM within ${deadlineMs / 1000} s: ${messageOf(error)}`,
            refused ? 'its cidata.iso was made for another key: remove it (or --cidata) and start again' : 'see vm.log for what happened in the VM',
            { exitCode: ExitCode.environment, cause: error },
          );
        }
        await sleep(500, undefined, { signal });
      }
    }
  }
}

function connectOnce(target: RemoteTarget, signal: AbortSignal): Promise<Client> {
  const config: ConnectConfig = {
    host: target.host,
    port: target.port,
    username: target.user,
    privateKey: target.privateKey,
    readyTimeout: 20_000,
    // A guest that stops answering is noticed after a minute.
    keepaliveInterval: 15_000,
    keepaliveCountMax: 4,
    // Emulated guests are quicker with AES, which -cpu max gives in hardware form, than with chacha20.
    algorithms: { cipher: { prepend: ['aes128-gcm@openssh.com', 'aes128-ctr'], append: [], remove: [] } },
  };
  return new Promise((resolve, reject) => {
    const client = new Client();
    const abort = () => {
      client.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    client.once('ready', () => {
      signal.removeEventListener('abort', abort);
      resolve(client);
    });
    client.on('error', (error) => {
      signal.removeEventListener('abort', abort);
      client.destroy();
      reject(error);
    });
    client.connect(config);
  });
}

class Ssh2Session implements RemoteSession {
  readonly closed: Promise<void>;
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
    this.closed = new Promise((resolve) => {
      client.once('close', () => resolve());
    });
  }

  exec(command: string, { signal, onStdout = () => {}, onStderr = () => {} }: Cancellable & { onStdout?: OnBytes; onStderr?: OnBytes }): Promise<RemoteExit> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      let exit: RemoteExit | undefined;
      const onLost = () => reject(lost('while a command ran'));
      this.#client.once('close', onLost);
      const finish = (act: () => void) => {
        this.#client.removeListener('close', onLost);
        act();
      };
      this.#client.exec(command, (error, channel) => {
        if (error) return finish(() => reject(lost('before a command', error)));
        const abort = () => {
          channel.signal('TERM');
          channel.close();
          finish(() => reject(signal.reason));
        };
        signal.addEventListener('abort', abort, { once: true });
        channel.on('data', (chunk: Buffer) => onStdout(chunk));
        channel.stderr.on('data', (chunk: Buffer) => onStderr(chunk));
        channel.on('exit', (exitCode: number | null, name?: string) => {
          exit = { exitCode, signal: name ?? null };
        });
        channel.on('close', () => {
          signal.removeEventListener('abort', abort);
          // A channel that closes without an exit status died with its connection.
          finish(() => (exit ? resolve(exit) : reject(lost('while a command ran'))));
        });
      });
    });
  }

  async writeFile(path: string, content: NodeJS.ReadableStream | string, { signal }: Cancellable): Promise<void> {
    const sftp = await new Promise<import('ssh2').SFTPWrapper>((resolve, reject) => {
      this.#client.sftp((error, wrapper) => (error ? reject(lost('before an upload', error)) : resolve(wrapper)));
    });
    try {
      const source = typeof content === 'string' ? [content] : content;
      await pipeline(source, sftp.createWriteStream(path), { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw new EnvironmentError(`could not write ${path} in the client VM: ${messageOf(error)}`, 'see vm.log', { cause: error });
    } finally {
      sftp.end();
    }
  }

  close(): void {
    this.#client.end();
  }
}
