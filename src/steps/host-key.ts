import { rm } from 'node:fs/promises';
import ssh from 'ssh2';
import type { Options } from '../config/options.ts';
import { hostKeyAlias, vmFiles } from '../config/vm-files.ts';
import type { Tell } from '../disk/read-json.ts';
import { writeFileAtomically } from '../disk/write-file.ts';
import type { StepControls } from '../machine/actors.ts';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import type { VmRecord } from '../services/types.ts';
import { ensureOwnKey } from './own-key.ts';

export interface HostKey {
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…`, without a comment. */
  readonly publicKey: string;
}

/** What an OpenSSH private key of the wanted type, without a passphrase, holds; null for anything else. */
function hostKeyOf(text: string): HostKey | null {
  const key = ssh.utils.parseKey(text);
  if (key instanceof Error || key.type !== 'ssh-ed25519' || !key.isPrivateKey()) return null;
  return { privateKey: text, publicKey: `${key.type} ${key.getPublicSSH().toString('base64')}` };
}

/** The SSH host key of this checkout's guests. */
export async function ensureHostKey(path: string, tell: Tell): Promise<HostKey> {
  try {
    return await ensureOwnKey(path, hostKeyOf, tell);
  } catch (error) {
    throw new EnvironmentError(`can't read or make the client VM's host key ${path}: ${messageOf(error)}`, 'remove it to have it made anew', { cause: error });
  }
}

/** The host key that a seed's user-data gives a guest by `ssh_keys`; null where it gives none, and the guest makes one that nobody knows. */
export function hostKeyInSeed(seed: Buffer): string | null {
  // Small files lie unpacked in an ISO image. A comment does not count.
  return /^[ \t]+ed25519_public:[ \t]*["']?(ssh-ed25519 [A-Za-z0-9+/]+=*)/m.exec(seed.toString('latin1'))?.[1] ?? null;
}

/** What is said of a guest whose host key nobody knows; null where it is known. `undefined`: an earlier version started it. */
export function unknownHostKey(hostKey: string | null | undefined): string | null {
  if (typeof hostKey === 'string') return null;
  const why = hostKey === null ? 'its seed gives it none' : 'an earlier version of this program started it';
  return `the client VM’s SSH host key is not known (${why}), so it is not checked`;
}

/** Writes down for ssh whom a lane's port leads to. Null, where nobody knows, takes away what was written of an earlier guest. */
export const writeKnownHosts = (path: string, hostKey: string | null): Promise<void> =>
  hostKey === null ? rm(path, { force: true }) : writeFileAtomically(path, `${hostKeyAlias} ${hostKey}\n`);

/** Notes for whoever opens a shell whom a lane's port leads to, and says so where nobody knows. */
export async function noteHostKey(options: Pick<Options, 'vmDir' | 'lane'>, { hostKey }: VmRecord, { report }: Pick<StepControls, 'report'>): Promise<void> {
  await writeKnownHosts(vmFiles(options).knownHosts, hostKey ?? null);
  const message = unknownHostKey(hostKey);
  if (message !== null) report({ type: 'note.reported', level: 'info', message });
}
