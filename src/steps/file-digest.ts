import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { writeFileAtomically } from './files.ts';

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

/** Digests of large files, read again only when a file's stamp has changed; kept in a file of their own. */
export class DigestCache {
  readonly #path: string;
  #known: Promise<Record<string, { stamp: string; digest: string }>> | null = null;

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
    await writeFileAtomically(this.#path, JSON.stringify(known));
    return digest;
  }

  async #read(): Promise<Record<string, { stamp: string; digest: string }>> {
    try {
      const known: unknown = JSON.parse(await readFile(this.#path, 'utf8'));
      return typeof known === 'object' && known !== null ? (known as Record<string, { stamp: string; digest: string }>) : {};
    } catch {
      return {};
    }
  }
}
