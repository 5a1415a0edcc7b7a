import { createHash } from 'node:crypto';
import type { ConnectConfig, ServerHostKeyAlgorithm } from 'ssh2';
import { EnvironmentError } from '../model/errors.ts';
import type { RemoteTarget } from './types.ts';

const stranger = ({ host, port }: Pick<RemoteTarget, 'host' | 'port'>, how: string, cause?: unknown): EnvironmentError =>
  new EnvironmentError(
    `another machine than the client VM answers on ${host}:${port}: ${how}`,
    'another VM or program has that port: `ss -ltnp` (macOS: `lsof -nPi`) says which; end it or give another --ssh-port, then `nfstest-tui stop-env` and start again',
    { cause },
  );

/** As `ssh-keygen -l` prints it. */
export const fingerprint = (blob: Buffer): string => `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;

/** The error for a host key that is not the expected one. */
export const wrongHostKey = (target: Pick<RemoteTarget, 'host' | 'port'>, shown: Buffer, expected: Buffer): EnvironmentError =>
  stranger(target, `it shows the SSH host key ${fingerprint(shown)}, not ${fingerprint(expected)}`);

/** The key itself out of `ssh-ed25519 AAAA…`. */
export const keyBlob = (publicKey: string): Buffer => Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');

export interface HostKeyCheck {
  /** Part of ssh2's configuration. */
  readonly config: Pick<ConnectConfig, 'hostVerifier'> & { readonly serverHostKey?: ServerHostKeyAlgorithm[] };
  /** The error for a handshake that failed because somebody else answers, which no second try changes; null where it failed otherwise. */
  judge(error: unknown): EnvironmentError | null;
}

/** Has ssh2 talk to nobody but who proves to hold the expected host key. */
export function hostKeyCheck(target: Pick<RemoteTarget, 'host' | 'port' | 'hostKey'>): HostKeyCheck {
  if (target.hostKey === null) return { config: {}, judge: () => null };
  const type = target.hostKey.split(' ')[0] as ServerHostKeyAlgorithm;
  const expected = keyBlob(target.hostKey);
  let shown: Buffer | null = null;
  return {
    config: {
      // Only this type is asked for: a guest may have others, too.
      serverHostKey: [type],
      hostVerifier: (key: Buffer) => {
        shown = key;
        return key.equals(expected);
      },
    },
    judge: (error) => {
      if (shown !== null && !shown.equals(expected)) return wrongHostKey(target, shown, expected);
      const { level, message = '' } = error as { level?: string; message?: string };
      if (level !== 'handshake') return null;
      // ssh2's own words. Source: its lib/protocol/kex.js.
      if (message.includes('no matching host key format')) return stranger(target, `it has no SSH host key of the type ${type}`, error);
      if (/signature verification failed|host key does not match/i.test(message)) return stranger(target, 'it can’t prove its SSH host key', error);
      return null;
    },
  };
}
