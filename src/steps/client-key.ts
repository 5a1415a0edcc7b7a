import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import { makeKeyPair } from '../services/key-pair.ts';

export interface ClientKey {
  readonly privateKey: string;
  /** One line, as in an authorized_keys file. */
  readonly publicKey: string;
}

/** The SSH key of this checkout; made at its first use, readable by its owner only. */
export async function ensureClientKey(path: string): Promise<ClientKey> {
  try {
    const privateKey = await readFile(path, 'utf8');
    // A copied or unpacked checkout may have lost the mode; ssh refuses such a key.
    await chmod(path, 0o600);
    return { privateKey, publicKey: (await readFile(`${path}.pub`, 'utf8')).trim() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new EnvironmentError(`can't read the SSH key ${path}: ${messageOf(error)}`, `remove it to have it made anew`, { cause: error });
    }
  }
  const pair = makeKeyPair();
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, pair.private, { mode: 0o600 });
  await chmod(path, 0o600);
  await writeFile(`${path}.pub`, `${pair.public}\n`);
  return { privateKey: pair.private, publicKey: pair.public };
}
