import { rmSync } from 'node:fs';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type LockRecord, tryLock } from '../disk/lock.ts';
import { processStartTime } from './process.ts';

/** One folder for all checkouts of a user: their runs share the machine's ports. */
export const claimsDir = join(tmpdir(), `nfstest-tui-ports-${userInfo().uid}`);

const processes = { startTime: processStartTime };

/**
 * Promises ports to this process until it ends. Between the moment a port is found free and the one at which somebody listens there lie
 * seconds, in which ten runs that start together would all find the same one.
 */
export class PortClaims {
  readonly #dir: string;
  readonly #processes: { startTime(pid: number): Promise<string | null> };
  readonly #mine = new Set<number>();

  constructor(dir = claimsDir, table = processes) {
    this.#dir = dir;
    this.#processes = table;
  }

  /** True where the port is promised to this process now; what a process promised itself that is gone counts for nothing. */
  async claim(port: number): Promise<boolean> {
    if (this.#mine.has(port)) return true;
    const holder = await this.#lock(port).catch(() => null);
    if (holder !== null) return false;
    if (this.#mine.size === 0) process.once('exit', () => this.forget());
    this.#mine.add(port);
    return true;
  }

  /** Where the folder can't be used there are no promises, and runs that start together may get in each other's way. */
  async #lock(port: number): Promise<LockRecord | null> {
    await mkdir(this.#dir, { recursive: true });
    await chmod(this.#dir, 0o700);
    const attempt = await tryLock(join(this.#dir, String(port)), this.#processes);
    return 'holder' in attempt ? attempt.holder : null;
  }

  /** Removes what processes promised themselves that are gone. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#dir).catch(() => [])) {
      if (!/^\d+$/.test(name)) continue;
      const attempt = await tryLock(join(this.#dir, name), this.#processes).catch(() => null);
      if (attempt !== null && 'release' in attempt) await attempt.release();
    }
  }

  forget(): void {
    for (const port of this.#mine) rmSync(join(this.#dir, String(port)), { force: true });
    this.#mine.clear();
  }
}
