import type { Options } from '../config/options.ts';
import { environmentsOnDisk, lanesOnDisk, vmFiles } from '../config/vm-files.ts';
import { tryLock } from '../disk/lock.ts';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import type { EngineService, ProcessTable, VmService } from '../services/types.ts';
import { lockEnvironment, readEnvironment } from './environment.ts';
import { unkeptParts } from './environment-record.ts';
import { stopEnvironment } from './stop.ts';

export interface StopServices {
  readonly openEngine: () => Promise<EngineService>;
  readonly vms: VmService;
  readonly processes: ProcessTable;
}

export interface OrphansFound {
  /** What was stopped or removed, for people. */
  readonly stopped: readonly string[];
  /** What could not be, and why. */
  readonly troubles: readonly string[];
}

/**
 * Stops what runs left that were killed: every server and VM of the environments in a VM folder, of triage and of other instances too, that
 * no living process holds and that was not left running on purpose.
 */
export async function stopOrphans(options: Options, services: StopServices): Promise<OrphansFound> {
  // Also what was killed while it made an image holds nobody up.
  const images = await tryLock(vmFiles(options).imageLock, services.processes).catch(() => null);
  if (images !== null && 'release' in images) await images.release();
  return stopOrphansIn(await environmentsOnDisk(options.imageDir), options, services);
}

/** The same in these VM folders alone. */
export async function stopOrphansIn(dirs: readonly string[], options: Options, services: StopServices): Promise<OrphansFound> {
  const stopped: string[] = [];
  const troubles: string[] = [];
  for (const vmDir of dirs) {
    // Held: its process will stop it.
    const unlock = await lockEnvironment({ vmDir }, services.processes).catch(() => null);
    if (unlock === null) continue;
    try {
      stopped.push(...(await stopOrphan({ ...options, vmDir }, services)));
    } catch (error) {
      troubles.push(messageOf(error));
    } finally {
      await unlock();
    }
  }
  return { stopped, troubles };
}

/** The same in one VM folder, whose lock the caller holds. With `recordedOnly` nothing is looked for that is not written down. */
export async function stopOrphan(options: Options, services: StopServices, { recordedOnly = false } = {}): Promise<readonly string[]> {
  const lanes = await lanesOnDisk(options);
  const records = await Promise.all(lanes.map((lane) => readEnvironment({ ...options, lane })));
  const unkept = unkeptParts(records);
  const isOrphan = (part: keyof typeof unkept) => unkept[part] && (!recordedOnly || records.some((record) => (record?.[part] ?? null) !== null));
  // The VM first: for it no engine is needed.
  const vm = isOrphan('vm') ? await stopEnvironment(options, { server: false, vm: true }, services) : [];
  return [...vm, ...(isOrphan('server') ? await stopEnvironment(options, { server: true, vm: false }, services) : [])];
}

/** An error that says what could not be stopped. */
export const orphansRemain = (troubles: readonly string[]): EnvironmentError =>
  new EnvironmentError(`not everything could be stopped: ${troubles.join('; ')}`, 'run `nfstest-tui clean --orphans` again when the engine answers');
