import { randomUUID } from 'node:crypto';
import { constants, copyFile, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Options } from '../config/options.ts';
import { vmFiles } from '../config/vm-files.ts';
import { readOwnJson } from '../disk/read-json.ts';
import { writeFileAtomically } from '../disk/write-file.ts';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import type { ProcessTable } from '../services/types.ts';
import { type EnvironmentRecord, environmentOf } from './environment-record.ts';

export type { EnvironmentRecord, ServerRecord } from './environment-record.ts';

/** The environment of a VM folder as written down. */
export class EnvironmentFile {
  readonly #path: string;
  #record: EnvironmentRecord;
  // Server and VM start side by side; their notes are written one after the other.
  #writing: Promise<void> = Promise.resolve();

  constructor(options: Pick<Options, 'vmDir' | 'lane'>, runId: string) {
    this.#path = vmFiles(options).environment;
    this.#record = { runId, createdAt: new Date().toISOString(), server: null, vm: null, suiteDigest: null };
  }

  update(change: Partial<Pick<EnvironmentRecord, 'server' | 'vm' | 'suiteDigest'>>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    const text = `${JSON.stringify(this.#record, null, 2)}\n`;
    const empty = this.#record.server === null && this.#record.vm === null;
    // A note that could not be written must not take the later ones with it.
    this.#writing = this.#writing.catch(() => {}).then(() => (empty ? rm(this.#path, { force: true }) : writeFileAtomically(this.#path, text)));
    return this.#writing;
  }

  /** Goes on with an environment that another process has written down. */
  adopt(record: EnvironmentRecord): void {
    this.#record = record;
  }
}

/** Null where there is none or it can't be read; a damaged one is set aside. */
export const readEnvironment = (options: Pick<Options, 'vmDir'> & Partial<Pick<Options, 'lane'>>): Promise<EnvironmentRecord | null> =>
  readOwnJson(vmFiles(options).environment, environmentOf);

const takeoverDeadlineMs = 5_000;

interface LockRecord {
  readonly pid: number;
  readonly startTime: string;
  readonly since: string;
}

/** Keeps a VM folder to one run at a time. Returns the release; throws EnvironmentError naming the other run. */
export async function lockEnvironment(options: Pick<Options, 'vmDir'>, processes: ProcessTable): Promise<() => Promise<void>> {
  const path = vmFiles(options).lock;
  const mine: LockRecord = { pid: process.pid, startTime: (await processes.startTime(process.pid)) ?? '', since: new Date().toISOString() };
  const draft = `${path}.${process.pid}-${randomUUID()}`;
  try {
    await mkdir(options.vmDir, { recursive: true });
    await writeFile(draft, JSON.stringify(mine));
    while (!(await createdFrom(draft, path))) {
      const other = await readLock(path);
      if (other && (await isHeld(other, processes))) {
        throw new EnvironmentError(
          `another run is active here: process ${other.pid}, since ${other.since}`,
          `wait for its end or stop it (kill ${other.pid}); a second environment needs its own --vm-dir`,
        );
      }
      await removeStale(path, processes);
    }
    return () => rm(path, { force: true });
  } catch (error) {
    if (error instanceof EnvironmentError) throw error;
    throw new EnvironmentError(
      `can't use the VM folder ${options.vmDir}: ${messageOf(error)}`,
      'check that you may write there, or give another with --vm-dir',
      {
        cause: error,
      },
    );
  } finally {
    await rm(draft, { force: true }).catch(() => {});
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
