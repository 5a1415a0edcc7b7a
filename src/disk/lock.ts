import { randomUUID } from 'node:crypto';
import { constants, copyFile, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from '../model/errors.ts';

const takeoverDeadlineMs = 5_000;
const pollMs = 200;

/** When a process began; null where there is none. */
interface ProcessTable {
  startTime(pid: number): Promise<string | null>;
}

/** Who holds a lock: a pid alone may have been given to another process. */
export interface LockRecord {
  readonly pid: number;
  readonly startTime: string;
  /** ISO 8601. */
  readonly since: string;
}

export type LockAttempt = { readonly release: () => Promise<void> } | { readonly holder: LockRecord };

/** Tries to get a lock, once; that of a process which is gone counts for nothing. Throws what the file system says. */
export async function tryLock(path: string, processes: ProcessTable): Promise<LockAttempt> {
  const mine: LockRecord = { pid: process.pid, startTime: (await processes.startTime(process.pid)) ?? '', since: new Date().toISOString() };
  const draft = `${path}.${process.pid}-${randomUUID()}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, JSON.stringify(mine));
    while (!(await createdFrom(draft, path))) {
      const holder = await readLock(path);
      if (holder && (await isHeld(holder, processes))) return { holder };
      await removeStale(path, processes);
    }
    return { release: () => rm(path, { force: true }) };
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
}

/**
 * Does work that one process at a time may do, and waits for its turn. `onWait` is told once for whom.
 *
 * @throws EnvironmentError after `deadlineMs` of waiting: a holder that is stopped or hangs holds it for ever.
 */
export async function withLock<T>(
  path: string,
  {
    processes,
    signal,
    deadlineMs,
    onWait,
  }: {
    readonly processes: ProcessTable;
    readonly signal: AbortSignal;
    readonly deadlineMs: number;
    readonly onWait: (holder: LockRecord) => void;
  },
  work: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  let told = false;
  for (;;) {
    const attempt = await tryLock(path, processes);
    if ('release' in attempt) {
      try {
        return await work();
      } finally {
        await attempt.release();
      }
    }
    if (!told) onWait(attempt.holder);
    told = true;
    if (performance.now() > deadline) {
      const { pid } = attempt.holder;
      throw new EnvironmentError(
        `process ${pid} has held ${path} for more than ${Math.round(deadlineMs / 1000)} s`,
        `see what it does: \`ps -fp ${pid}\`; it may hang`,
      );
    }
    await sleep(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** A link appears whole or, where the name is taken, not at all. Some shared folders know no links. */
async function createdFrom(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw error;
      return copyFile(draft, path, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes away the lock of a run that is gone. One at a time, and each looks again: the lock may be a new run's by now. */
async function removeStale(path: string, processes: ProcessTable): Promise<void> {
  const guard = `${path}.takeover`;
  try {
    await writeFile(guard, '', { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await sleep(20);
    // It is held for milliseconds, unless its holder was killed in the middle.
    const { mtimeMs } = await stat(guard).catch(() => ({ mtimeMs: Number.NaN }));
    if (Date.now() - mtimeMs > takeoverDeadlineMs) await rm(guard, { force: true });
    return;
  }
  try {
    if (!(await isHeld(await readLock(path), processes))) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

const isHeld = async (lock: LockRecord | null, processes: ProcessTable): Promise<boolean> =>
  lock !== null && (await processes.startTime(lock.pid)) === lock.startTime;

async function readLock(path: string): Promise<LockRecord | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as LockRecord;
  } catch {
    return null;
  }
}
