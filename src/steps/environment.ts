import { rm } from 'node:fs/promises';
import type { Options } from '../config/options.ts';
import { vmFiles } from '../config/vm-files.ts';
import { tryLock } from '../disk/lock.ts';
import { readOwnJson } from '../disk/read-json.ts';
import { writeFileAtomically } from '../disk/write-file.ts';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import type { ProcessTable } from '../services/types.ts';
import { type EnvironmentRecord, environmentOf, type KeptParts } from './environment-record.ts';

export type { EnvironmentRecord, KeptParts, ServerRecord } from './environment-record.ts';

/** The environment of a VM folder as written down. */
export class EnvironmentFile {
  readonly #path: string;
  #record: EnvironmentRecord;
  // Server and VM start side by side; their notes are written one after the other.
  #writing: Promise<void> = Promise.resolve();

  constructor(options: Pick<Options, 'vmDir' | 'lane'>, runId: string) {
    this.#path = vmFiles(options).environment;
    this.#record = { runId, createdAt: new Date().toISOString(), server: null, vm: null, suiteDigest: null, kept: { server: false, vm: false } };
  }

  update({
    kept = {},
    ...change
  }: Partial<Pick<EnvironmentRecord, 'server' | 'vm' | 'suiteDigest' | 'kernel'>> & { readonly kept?: Partial<KeptParts> }): Promise<void> {
    const before = this.#record;
    const after = { ...before, ...change };
    // A part that is new is not kept before it is said to be; one that takes another's place is kept as that was.
    const isKept = (part: keyof KeptParts) => after[part] !== null && (kept[part] ?? (before[part] !== null && before.kept[part]));
    this.#record = { ...after, kept: { server: isKept('server'), vm: isKept('vm') } };
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

/** Keeps a VM folder to one run at a time. Returns the release; throws EnvironmentError naming the other run. */
export async function lockEnvironment(options: Pick<Options, 'vmDir'>, processes: ProcessTable): Promise<() => Promise<void>> {
  const attempt = await tryLock(vmFiles(options).lock, processes).catch((error: unknown) => {
    throw new EnvironmentError(
      `can't use the VM folder ${options.vmDir}: ${messageOf(error)}`,
      'check that you may write there, or give another with --vm-dir',
      { cause: error },
    );
  });
  if ('release' in attempt) return attempt.release;
  const { pid, since } = attempt.holder;
  throw new EnvironmentError(
    `another run is active here: process ${pid}, since ${since}`,
    `wait for its end or stop it (kill ${pid}), or run beside it with --instance NAME, which has its own ports, folders and containers`,
  );
}
