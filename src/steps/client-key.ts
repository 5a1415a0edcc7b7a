import { readFile } from 'node:fs/promises';
import ssh from 'ssh2';
import type { Tell } from '../disk/read-json.ts';
import { writeFileAtomically } from '../disk/write-file.ts';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import { ensureOwnKey } from './own-key.ts';

export interface ClientKey {
  readonly privateKey: string;
  /** One line, as in an authorized_keys file. */
  readonly publicKey: string;
}

/** What an OpenSSH private key without a passphrase holds; null for anything else. */
function clientKeyOf(text: string): ClientKey | null {
  const key = ssh.utils.parseKey(text);
  if (key instanceof Error || !key.isPrivateKey()) return null;
  return { privateKey: text, publicKey: `${key.type} ${key.getPublicSSH().toString('base64')} ${key.comment || 'nfstest-tui'}` };
}

const withoutComment = (line: string) => line.split(' ', 2).join(' ');

/**
 * The SSH key of this checkout, and the public half beside it, which follows from the private one.
 *
 * @throws EnvironmentError where it can't be read or written.
 */
export async function ensureClientKey(path: string, tell: Tell): Promise<ClientKey> {
  try {
    const key = await ensureOwnKey(path, clientKeyOf, tell);
    const beside = (await readFile(`${path}.pub`, 'utf8').catch(() => '')).trim();
    // Its comment is nobody's business but its owner's.
    if (withoutComment(beside) === withoutComment(key.publicKey)) return { ...key, publicKey: beside };
    await writeFileAtomically(`${path}.pub`, `${key.publicKey}\n`);
    return key;
  } catch (error) {
    throw new EnvironmentError(`can't read or make the SSH key ${path}: ${messageOf(error)}`, 'remove it to have it made anew', { cause: error });
  }
}
