import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import ssh from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeFolder } from './fake-folder.ts';
import { never } from './fake-signals.ts';
import { type FakeSshServer, startFakeSshServer } from './fake-ssh-server.ts';
import { makeKeyPair } from './key-pair.ts';
import { describeRemoteContract } from './remote.contract.ts';
import { Ssh2RemoteService } from './ssh.ts';

const key = makeKeyPair();
const otherKey = makeKeyPair();
const folder = fakeFolder();
const remote = new Ssh2RemoteService();
let server: FakeSshServer;
const target = () => ({ host: '127.0.0.1', port: server.port, user: 'nfstest', privateKey: key.private, hostKey: server.hostKey });

beforeAll(async () => {
  server = await startFakeSshServer(key.public);
});
afterAll(() => server.close());

describeRemoteContract('Ssh2RemoteService', async () => ({
  remote,
  target: target(),
  wrongKey: otherKey.private,
  otherHostKey: otherKey.public,
  deadTarget: { ...target(), port: 1 },
  commands: { speaks: 'echo out; echo err >&2; exit 7', hangs: 'exec sleep 30', dies: 'kill -KILL $$', breaks: 'breaks' },
  read: (path) => readFile(path, 'latin1').catch(() => null),
  folder,
}));

describe('Ssh2RemoteService', () => {
  it('waits for a server that comes later', async () => {
    // QEMU accepts the connection and closes it while the guest has no sshd yet.
    const early = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => early.listen(0, '127.0.0.1', resolve));
    const { port } = early.address() as AddressInfo;
    const connecting = remote.connect({ ...target(), port }, { ...never, deadlineMs: 600 });
    await expect(connecting).rejects.toMatchObject({ exitCode: 3, message: expect.stringMatching(/^no SSH connection to the client VM within 0\.6 s: .+/) });
    early.close();
  });

  it('gives up on a port that accepts and stays silent', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const connecting = remote.connect({ ...target(), port }, { ...never, deadlineMs: 200 });
    await expect(connecting).rejects.toThrow(/no SSH connection .*timed out/i);
    silent.close();
  });

  it('a host key of another type is not the guest’s', async () => {
    const rsa = await startFakeSshServer(key.public, [ssh.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private]);
    const connecting = remote.connect({ ...target(), port: rsa.port }, { ...never, deadlineMs: 60_000 });
    await expect(connecting).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/another machine .*: it has no SSH host key of the type ssh-ed25519$/),
    });
    expect(rsa.logins).toBe(0);
    rsa.close();
  });

  it('of several host keys the pinned one is asked for', async () => {
    const own = makeKeyPair();
    const both = await startFakeSshServer(key.public, [ssh.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private, own.private]);
    const session = await remote.connect({ ...target(), port: both.port, hostKey: own.public }, { ...never, deadlineMs: 20_000 });
    expect(both.logins).toBe(1);
    session.close();
    await session.closed;
    both.close();
  });

  it('who shows the guest’s host key without having it is found out', async () => {
    const [guest, thief] = [server.hostKey, makeKeyPair().private].map((text) => parsed(text));
    const shown = Object.create(thief as ssh.ParsedKey, { getPublicSSH: { value: () => (guest as ssh.ParsedKey).getPublicSSH() } }) as ssh.ParsedKey;
    const impostor = await startFakeSshServer(key.public, [{ key: shown, passphrase: '' } as unknown as string]);
    const connecting = remote.connect({ ...target(), port: impostor.port }, { ...never, deadlineMs: 60_000 });
    await expect(connecting).rejects.toMatchObject({ exitCode: 3, message: expect.stringMatching(/another machine .*: it can’t prove its SSH host key$/) });
    expect(impostor.logins).toBe(0);
    impostor.close();
  });

  it('says at once that a key is broken', async () => {
    const connecting = remote.connect({ ...target(), privateKey: 'garbage' }, { ...never, deadlineMs: 60_000 });
    await expect(connecting).rejects.toMatchObject({ message: expect.stringMatching(/SSH key can't be used/), hint: expect.stringMatching(/id_ed25519/) });
  });

  it('a guest that hangs does not hold up who stops waiting', async () => {
    const session = await remote.connect(target(), { ...never, deadlineMs: 20_000 });
    server.mute = true;
    try {
      await expect(session.exec('true', { signal: AbortSignal.timeout(50) })).rejects.toThrow(/abort/i);
      await expect(session.writeFile(`${folder}/x`, 'x', { signal: AbortSignal.timeout(50) })).rejects.toThrow(/abort/i);
    } finally {
      server.mute = false;
      session.close();
    }
    await session.closed;
  });

  it('names the file that can’t be written', async () => {
    const session = await remote.connect(target(), { ...never, deadlineMs: 20_000 });
    await expect(session.writeFile('/no/such/folder/file', 'x', never)).rejects.toThrow(/could not write \/no\/such\/folder\/file in the client VM: .*ENOENT/);
    session.close();
    await session.closed;
  });

  it('a child that keeps the output open is not waited for', { timeout: 20_000 }, async () => {
    const session = await remote.connect(target(), { ...never, deadlineMs: 20_000 });
    const stopping = new AbortController();
    let text = '';
    const onStdout = (chunk: Uint8Array | string) => {
      text += String(chunk);
    };
    const began = performance.now();
    const exit = await session.exec('(sleep 2; echo late; exec sleep 60) & echo $!; exit 3', { signal: stopping.signal, onStdout });
    expect(exit).toEqual({ exitCode: 3, signal: null });
    const [pid, ...lines] = text.trim().split('\n');
    process.kill(Number(pid));
    expect(lines).toEqual(['late']);
    expect(performance.now() - began).toBeLessThan(15_000);
    session.close();
    await session.closed;
  });

  it('a child of a command that was killed is not listened to', { timeout: 20_000 }, async () => {
    const session = await remote.connect(target(), { ...never, deadlineMs: 20_000 });
    let text = '';
    const onStdout = (chunk: Uint8Array | string) => {
      text += String(chunk);
    };
    const began = performance.now();
    const exit = await session.exec('(while :; do echo on; sleep 0.2; done) & echo $!; sleep 0.5; kill -9 $$', { ...never, onStdout });
    process.kill(Number(text.split('\n').find((line) => /^\d+$/.test(line))));
    expect(exit).toMatchObject({ exitCode: null, signal: expect.stringMatching(/KILL$/) });
    expect(text).toContain('on\n');
    expect(performance.now() - began).toBeLessThan(4_000);
    session.close();
    await session.closed;
  });

  it('ends the command that nobody waits for any more', async () => {
    const session = await remote.connect(target(), { ...never, deadlineMs: 20_000 });
    const stopping = new AbortController();
    let pid = 0;
    const running = session.exec('echo $$; exec sleep 30', {
      signal: stopping.signal,
      onStdout: (chunk) => {
        pid = Number(String(chunk));
        stopping.abort();
      },
    });
    await expect(running).rejects.toThrow(/abort/i);
    await expect.poll(() => isRunning(pid)).toBe(false);
    session.close();
  });
});

function parsed(text: string): ssh.ParsedKey {
  const found = ssh.utils.parseKey(text);
  if (found instanceof Error) throw found;
  return found;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
