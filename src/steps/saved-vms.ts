import { mkdir, rm } from 'node:fs/promises';
import type { Options } from '../config/options.ts';
import { vmFiles } from '../config/vm-files.ts';
import { type LockRecord, tryLock, withLock } from '../disk/lock.ts';
import type { ProcessTable, VmService, VmSpec } from '../services/types.ts';
import { DigestCache } from './file-digest.ts';
import { checkSaved, finishSaved, pruneSaved, type SavedVmFiles, type SavedVmIdentity, savedVmFiles } from './saved-vm.ts';
import { suiteDigest } from './suite-source.ts';
import type { StartVmInput } from './vm.ts';

export interface SavedVm {
  readonly files: SavedVmFiles;
  readonly accelerator: string;
  readonly suiteDigest: string;
}

/** Boots a VM on these files and saves it; says with which accelerator. */
export type Bake = (files: SavedVmFiles) => Promise<string>;

interface SavedVmServices {
  readonly vms: VmService;
  readonly qemuVersion: () => Promise<string>;
  readonly processes: ProcessTable;
}

type Wanted = Pick<StartVmInput, 'image' | 'cidata' | 'suite'>;

/** The saved VMs of a VM folder. The lanes of a run share one: the first makes it, the others wait for it. */
export class SavedVms {
  readonly #options: Options;
  readonly #services: SavedVmServices;
  readonly #digests: DigestCache;
  #provided: Promise<SavedVm> | null = null;
  #removal: Promise<void> = Promise.resolve();

  constructor(options: Options, services: SavedVmServices) {
    this.#options = options;
    this.#services = services;
    this.#digests = new DigestCache(vmFiles(options).digests);
  }

  /** Finds the saved VM that fits, or has one made. `note` is told in one line why one that was there is not used. */
  async provide(wanted: Wanted, spec: VmSpec, bake: Bake, note: (message: string) => void, signal = new AbortController().signal): Promise<SavedVm> {
    const mine = this.#provided === null;
    this.#provided ??= this.#findAlone(wanted, spec, bake, note, signal);
    try {
      return await this.#provided;
    } catch (error) {
      // A lane that only waited tries for itself: the first may have been cut off.
      if (mine) this.#provided = null;
      else return this.provide(wanted, spec, bake, note, signal);
      throw error;
    }
  }

  /** Forgets a saved VM that turned out not to work; one that was made since stays. */
  async discard(saved: SavedVm): Promise<void> {
    const provided = this.#provided;
    const current = await provided?.catch(() => null);
    if (provided === null || current !== saved || this.#provided !== provided) return;
    this.#provided = null;
    this.#removal = this.#remove(saved);
    await this.#removal;
  }

  async #remove({ files }: SavedVm): Promise<void> {
    const attempt = await tryLock(vmFiles(this.#options).imageLock, this.#services.processes);
    // Another environment is making it anew in the same place.
    if ('holder' in attempt) return;
    await rm(files.dir, { recursive: true, force: true }).finally(attempt.release);
  }

  /** Other environments have their saved VMs in the same folder. */
  #findAlone(wanted: Wanted, spec: VmSpec, bake: Bake, note: (message: string) => void, signal: AbortSignal): Promise<SavedVm> {
    const onWait = ({ pid }: LockRecord) => note(`process ${pid} makes what this run needs too; waiting for it`);
    const { bootMs, connectMs } = this.#options.deadlines;
    // What the other does meanwhile: a boot, an upload, saving.
    const lock = { processes: this.#services.processes, signal, deadlineMs: bootMs + 2 * connectMs, onWait };
    return withLock(vmFiles(this.#options).imageLock, lock, () => this.#find(wanted, spec, bake, note));
  }

  async #find(wanted: Wanted, spec: VmSpec, bake: Bake, note: (message: string) => void): Promise<SavedVm> {
    // Another lane may be about to remove what would be found.
    await this.#removal.catch(() => {});
    const { saved } = vmFiles(this.#options);
    const files = savedVmFiles(saved, `${spec.cpus}-cpus-${spec.memoryMiB}-mib-${wanted.suite.identity.kind}`);
    const suite = await suiteDigest(wanted.suite);
    const [accelerator = 'tcg'] = spec.accelerators;
    const found = await checkSaved(files, await this.#identity(wanted, spec, files, accelerator, suite));
    if (found === 'fits') return { files, accelerator, suiteDigest: suite };
    if (found !== 'missing') note(`the saved client VM is not used: ${found.reason}; booting cold and saving again`);
    await rm(files.dir, { recursive: true, force: true });
    // A guest's memory holds its keys.
    await mkdir(files.dir, { recursive: true, mode: 0o700 });
    try {
      const booted = await bake(files);
      await finishSaved(files, await this.#identity(wanted, spec, files, booted, suite));
      await pruneSaved(saved);
      return { files, accelerator: booted, suiteDigest: suite };
    } catch (error) {
      await rm(files.dir, { recursive: true, force: true });
      throw error;
    }
  }

  /** Everything that a saved VM would not survive a change of. */
  async #identity({ image, cidata }: Wanted, spec: VmSpec, files: SavedVmFiles, accelerator: string, suite: string): Promise<SavedVmIdentity> {
    // What differs from lane to lane and from start to start is no part of the machine that the guest sees.
    const perStart = { runId: 'RUN', sshPort: 0, overlay: 'OVERLAY', consoleLog: 'CONSOLE', qmpSocket: 'QMP', agentSocket: 'AGENT', suiteSocket: 'SUITE' };
    const machine: VmSpec = { ...spec, ...perStart, memoryFile: { path: files.memory, sharing: 'private' }, restoreFrom: files.devices };
    const digest = (path: string) => this.#digests.digest(path);
    return {
      "QEMU's version": await this.#services.qemuVersion(),
      'the command line': this.#services.vms.commandLine(machine, accelerator),
      'the image': await digest(image.disk),
      'the kernel': image.kernel === null ? 'in the image' : `${await digest(image.kernel.image)} ${await digest(image.kernel.initrd)}`,
      'the seed': await digest(cidata),
      'the suite': suite,
    };
  }
}
