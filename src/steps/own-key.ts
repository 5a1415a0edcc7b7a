import { access, chmod } from 'node:fs/promises';
import { readOwnText, type Tell } from '../disk/read-json.ts';
import { writeFileAtomically } from '../disk/write-file.ts';
import { makeKeyPair } from '../services/key-pair.ts';

/**
 * A private key of this checkout; made at its first use, readable by its owner only. A damaged one is set aside and made anew.
 *
 * @param keyOf what the text of a sound one holds; null for anything else.
 * @throws Error where it can't be read or written: one that is there but somebody else's is not replaced.
 */
export async function ensureOwnKey<T>(path: string, keyOf: (text: string) => T | null, tell: Tell): Promise<T> {
  const found = (await isThere(path)) ? await readOwnText(path, keyOf, tell) : null;
  if (found !== null) return found;
  const { private: privateKey } = makeKeyPair();
  await writeFileAtomically(path, privateKey, { mode: 0o600 });
  return keyOf(privateKey) as T;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    // A copied or unpacked checkout may have lost the mode; ssh refuses such a key.
    await chmod(path, 0o600);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
