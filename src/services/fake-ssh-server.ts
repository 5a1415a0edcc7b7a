import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import ssh, { type Connection, type Server, type ServerChannel, type SFTPWrapper } from 'ssh2';
import { makeKeyPair } from './key-pair.ts';

const { STATUS_CODE } = ssh.utils.sftp;

export interface FakeSshServer {
  readonly port: number;
  /** Host key that it shows, as `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** Connections that were opened to it so far. */
  seen: number;
  /** Logins that it has let in. */
  logins: number;
  /** Accepts connections to commands and files, but answers none: a guest that hangs. */
  mute: boolean;
  /** Opened connections. */
  readonly connections: Set<Connection>;
  close(): void;
}

/**
 * An SSH server on 127.0.0.1 that lets one public key in, runs commands by /bin/sh and writes files. `breaks` cuts the connection.
 *
 * @param hostKeys its host keys; an ed25519 key of its own where none are given.
 */
export async function startFakeSshServer(publicKey: string, hostKeys: readonly string[] = []): Promise<FakeSshServer> {
  const allowed = ssh.utils.parseKey(publicKey);
  if (allowed instanceof Error) throw allowed;
  const connections = new Set<Connection>();
  const own = makeKeyPair();
  const state = { port: 0, hostKey: own.public, seen: 0, logins: 0, mute: false, connections, close: () => {} };
  const server: Server = new ssh.Server({ hostKeys: hostKeys.length === 0 ? [own.private] : [...hostKeys] }, (connection) => {
    state.seen += 1;
    connections.add(connection);
    // ssh2 has it on both sides; its types only on the client's.
    (connection as Connection & { setNoDelay(on: boolean): void }).setNoDelay(true);
    connection.on('error', () => {});
    connection.on('close', () => connections.delete(connection));
    connection.on('ready', () => {
      state.logins += 1;
    });
    connection.on('authentication', (context) => {
      const known = context.method === 'publickey' && context.key.data.equals(allowed.getPublicSSH());
      if (!known || context.method !== 'publickey') context.reject();
      // Without a signature the client only asks whether the key would do.
      else if (!context.signature || allowed.verify(context.blob ?? Buffer.alloc(0), context.signature, context.hashAlgo)) context.accept();
      else context.reject();
    });
    connection.on('session', (accept) => {
      if (state.mute) return;
      const session = accept();
      session.on('exec', (acceptCommand, _reject, { command }) => {
        if (state.mute) return;
        const channel = acceptCommand();
        if (command === 'breaks') connection.end();
        else {
          const child = runCommand(command, channel);
          session.on('signal', (_accept, _reject, { name }) => {
            if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, `SIG${name}` as NodeJS.Signals);
          });
        }
      });
      session.on('sftp', (acceptSftp) => {
        if (!state.mute) serveFiles(acceptSftp());
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  state.port = (server.address() as AddressInfo).port;
  state.close = () => {
    for (const connection of connections) connection.end();
    server.close();
  };
  return state;
}

function runCommand(command: string, channel: ServerChannel): ChildProcess {
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  // Before the reader of the channel is gone, what was written must have arrived.
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  channel.on('error', () => {});
  // As sshd: the channel is open as long as anybody has the output open.
  child.on('exit', (exitCode, signal) => {
    if (signal === null) channel.exit(exitCode ?? 0);
    else channel.exit(signal);
  });
  child.on('close', () => channel.end());
  return child;
}

/** Only what an upload needs. */
function serveFiles(sftp: SFTPWrapper): void {
  const files: FileHandle[] = [];
  const answer = (id: number, work: Promise<unknown>) =>
    work.then(
      () => sftp.status(id, STATUS_CODE.OK),
      (error: Error) => sftp.status(id, STATUS_CODE.FAILURE, error.message),
    );
  const handleOf = (handle: Buffer) => files[handle.readUInt32BE(0)];
  sftp.on('OPEN', (id, path) => {
    open(path, 'w').then(
      (file) => {
        const handle = Buffer.alloc(4);
        handle.writeUInt32BE(files.push(file) - 1, 0);
        sftp.handle(id, handle);
      },
      (error: Error) => sftp.status(id, STATUS_CODE.FAILURE, error.message),
    );
  });
  sftp.on(
    'WRITE',
    (id, handle, offset, data) => void answer(id, handleOf(handle)?.write(data, 0, data.length, offset) ?? Promise.reject(new Error('no handle'))),
  );
  sftp.on('FSETSTAT', (id) => sftp.status(id, STATUS_CODE.OK));
  sftp.on('CLOSE', (id, handle) => void answer(id, handleOf(handle)?.close() ?? Promise.reject(new Error('no handle'))));
}
