import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { readOwnJson } from '../disk/read-json.ts';
import { writeFileAtomically } from '../disk/write-file.ts';

/** What tells a file from a later one under its name without reading it. */
export async function fileStamp(path: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(path);
  return `${size} bytes, modified ${mtimeMs}, inode ${ino}`;
}

/** SHA-256 of a file. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

type Digests = Record<string, { readonly stamp: string; readonly digest: string } | undefined>;

/** The content of a file of digests; null where it is none. */
export function digestsOf(value: unknown): Digests | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const entries = Object.values(value) as readonly ({ stamp?: unknown; digest?: unknown } | null)[];
  return entries.every((entry) => typeof entry?.stamp === 'string' && typeof entry.digest === 'string') ? (value as Digests) : null;
}

/** Digests of large files, read again only when a file's stamp has changed; kept in a file of their own. */
export class DigestCache {
  readonly #path: string;
  #known: Promise<Digests> | null = null;
  // Lanes ask side by side; what is known is written one after the other.
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  async digest(path: string): Promise<string> {
    this.#known ??= this.#read();
    const known = await this.#known;
    const stamp = await fileStamp(path);
    const found = known[path];
    if (found?.stamp === stamp) return found.digest;
    const digest = await sha256(path);
    known[path] = { stamp, digest };
    this.#writing = this.#writing.then(() => writeFileAtomically(this.#path, JSON.stringify(known)));
    await this.#writing;
    return digest;
  }

  async #read(): Promise<Digests> {
    return (await readOwnJson(this.#path, digestsOf)) ?? {};
  }
}
