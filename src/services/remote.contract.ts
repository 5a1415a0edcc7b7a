import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { EnvironmentError } from '../model/errors.ts';
import { never } from './fake-signals.ts';
import type { RemoteExit, RemoteService, RemoteSession, RemoteTarget } from './types.ts';

export interface RemoteLab {
  readonly remote: RemoteService;
  readonly target: RemoteTarget;
  /** Another host key than the guest's, of the same type. */
  readonly otherHostKey: string;
  /** A key that the guest does not know. */
  readonly wrongKey: string;
  /** A port where nobody listens. */
  readonly deadTarget: RemoteTarget;
  readonly commands: {
    /** Prints `out` and `err`, exits with 7. */
    readonly speaks: string;
    /** Does not end. */
    readonly hangs: string;
    /** Is ended by SIGKILL. */
    readonly dies: string;
    /** The connection breaks while it runs. */
    readonly breaks: string;
  };
  /** A file in the guest as text; null where there is none. */
  read(path: string): Promise<string | null>;
  /** Where files may be written. */
  readonly folder: string;
}

/** What every remote shell must do. */
export function describeRemoteContract(name: string, makeLab: () => Promise<RemoteLab>): void {
  describe(`${name} keeps the remote shell's contract`, () => {
    const inSession = async (work: (session: RemoteSession, lab: RemoteLab) => Promise<void>) => {
      const lab = await makeLab();
      const session = await lab.remote.connect(lab.target, { ...never, deadlineMs: 20_000 });
      try {
        await work(session, lab);
      } finally {
        session.close();
      }
      await session.closed;
    };

    it('runs a command: output and exit code', () =>
      inSession(async (session, { commands }) => {
        const [out, err]: [Buffer[], Buffer[]] = [[], []];
        const keep = (parts: Buffer[]) => (chunk: Uint8Array | string) => {
          parts.push(Buffer.from(chunk as Uint8Array));
        };
        const exit = await session.exec(commands.speaks, { ...never, onStdout: keep(out), onStderr: keep(err) });
        expect(exit).toEqual({ exitCode: 7, signal: null });
        expect([Buffer.concat(out).toString(), Buffer.concat(err).toString()]).toEqual(['out\n', 'err\n']);
      }));

    it('tells which signal ended a command', () =>
      inSession(async (session, { commands }) => {
        const exit: RemoteExit = await session.exec(commands.dies, never);
        expect(exit.exitCode).toBeNull();
        expect(exit.signal).toMatch(/^(SIG)?KILL$/);
      }));

    it('stops waiting for a command when the signal fires; the session goes on', () =>
      inSession(async (session, { commands }) => {
        await expect(session.exec(commands.hangs, { signal: AbortSignal.timeout(50) })).rejects.toThrow(/abort/i);
        await expect(session.exec(commands.hangs, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
        expect(await session.exec(commands.speaks, never)).toMatchObject({ exitCode: 7 });
      }));

    it('writes files from text and from a stream', () =>
      inSession(async (session, { folder, read }) => {
        const big = 'x'.repeat(100_000);
        await session.writeFile(`${folder}/text`, 'täxt', never);
        await session.writeFile(`${folder}/stream`, Readable.from([Buffer.from(big), Buffer.from('end')]), never);
        expect(Buffer.from((await read(`${folder}/text`)) ?? '', 'latin1').toString()).toBe('täxt');
        expect(await read(`${folder}/stream`)).toBe(`${big}end`);
        await expect(session.writeFile(`${folder}/never`, 'x', { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
        expect(await read(`${folder}/never`)).toBeNull();
      }));

    it('a lost connection is a lost client: exit code 5, now and for what comes after', () =>
      inSession(async (session, { commands, folder }) => {
        const lost = { exitCode: 5, message: expect.stringMatching(/connection to the client VM was lost/), hint: expect.stringMatching(/vm\.log/) };
        await expect(session.exec(commands.breaks, never)).rejects.toMatchObject(lost);
        await session.closed;
        await expect(session.exec(commands.speaks, never)).rejects.toMatchObject(lost);
        await expect(session.writeFile(`${folder}/late`, 'x', never)).rejects.toMatchObject(lost);
      }));

    it('does not let in another key, and does not try for long', async () => {
      const { remote, target, wrongKey } = await makeLab();
      const error = await remote.connect({ ...target, privateKey: wrongKey }, { ...never, deadlineMs: 30_000 }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(EnvironmentError);
      expect(error).toMatchObject({ exitCode: 3, message: 'the client VM does not accept our SSH key', hint: expect.stringMatching(/cidata/) });
    });

    it('talks to nobody who shows another host key, and does not try again', async () => {
      const { remote, target, otherHostKey } = await makeLab();
      const error = await remote.connect({ ...target, hostKey: otherHostKey }, { ...never, deadlineMs: 30_000 }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(EnvironmentError);
      const shown = /^another machine than the client VM answers on 127\.0\.0\.1:\d+: it shows the SSH host key SHA256:[\w+/]{43}, not SHA256:[\w+/]{43}$/;
      expect(error).toMatchObject({ exitCode: 3, message: expect.stringMatching(shown), hint: expect.stringMatching(/--ssh-port/) });
    });

    it('a guest whose host key is not known is taken as it is', async () => {
      const { remote, target, commands } = await makeLab();
      const session = await remote.connect({ ...target, hostKey: null }, { ...never, deadlineMs: 20_000 });
      expect(await session.exec(commands.speaks, never)).toMatchObject({ exitCode: 7 });
      session.close();
      await session.closed;
    });

    it('gives up at the deadline, and at once when the signal fires', async () => {
      const { remote, deadTarget } = await makeLab();
      const connecting = remote.connect(deadTarget, { ...never, deadlineMs: 300 });
      await expect(connecting).rejects.toMatchObject({ exitCode: 3, message: expect.stringMatching(/no SSH connection to the client VM within 0\.3 s: .+/) });
      await expect(remote.connect(deadTarget, { signal: AbortSignal.timeout(20), deadlineMs: 60_000 })).rejects.toThrow(/abort/i);
    });
  });
}
