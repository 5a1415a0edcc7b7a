import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from '../model/errors.ts';
import type { Cancellable, OnBytes, ReportProgress, VmImageService } from './types.ts';

/** Images as small files; where a failure is set, that part throws it. */
export class FakeVmImageService implements VmImageService {
  /** What was asked for, one line each. */
  readonly calls: string[] = [];
  alpineFailure: string | null = null;
  debianFailure: string | null = null;
  seedFailure: string | null = null;
  rootfsFailure: string | null = null;
  /** A base that is no sound image. */
  brokenBase: string | null = null;
  /** Told of every overlay that is there. */
  onOverlay: (overlay: string) => void = () => {};
  /** How long building and downloading take. */
  workMs = 0;

  async downloadAlpine(
    { target, version, arch }: { target: string; version: string; arch: 'x86_64' | 'aarch64'; sha512: string },
    { signal, onProgress }: Cancellable & { onProgress: ReportProgress },
  ): Promise<void> {
    this.calls.push(`alpine ${version} ${arch}`);
    onProgress('downloaded 1 MiB', 0.5);
    await this.#work(signal, this.alpineFailure);
    await writeFile(target, 'alpine');
  }

  async buildDebian(
    { dir, name }: { dir: string; name: string },
    { signal, onProgress, onOutput }: Cancellable & { onProgress: ReportProgress; onOutput: OnBytes },
  ): Promise<void> {
    this.calls.push(`debian ${name}`);
    onOutput('==> packages\n');
    onProgress('packages');
    await this.#work(signal, this.debianFailure);
    for (const file of [name, 'vmlinuz', 'initrd.img']) await writeFile(join(dir, file), 'debian');
  }

  async createSeed({ target, userData }: { target: string; userData: string; metaData: string }, { signal }: Cancellable): Promise<void> {
    this.calls.push('seed');
    await this.#work(signal, this.seedFailure);
    await writeFile(target, `seed of ${userData}`);
  }

  async createOverlay({ base, overlay }: { base: string; overlay: string }, { signal }: Cancellable): Promise<void> {
    signal.throwIfAborted();
    this.calls.push('overlay');
    if (this.brokenBase === base)
      throw new EnvironmentError(`${base} is no sound qcow2 image`, 'remove it to have it made anew, or give another with --vm-image');
    await rm(overlay, { force: true });
    await mkdir(dirname(overlay), { recursive: true });
    await writeFile(overlay, 'overlay');
    this.onOverlay(overlay);
  }

  debianRootfs(
    { suite, packages }: { suite: string; packages: readonly string[] },
    { signal, onOutput }: Cancellable & { onOutput: OnBytes },
  ): { tar: NodeJS.ReadableStream; done: Promise<void> } {
    this.calls.push(`rootfs ${suite} ${packages.join(',')}`);
    onOutput('I: retrieving packages\n');
    // As with a real pipe, the stream ends quietly where the tool fails.
    return { tar: Readable.from([Buffer.alloc(512)]), done: this.#work(signal, this.rootfsFailure) };
  }

  async #work(signal: AbortSignal, failure: string | null): Promise<void> {
    await sleep(this.workMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    if (failure !== null) throw new EnvironmentError(failure, 'check the network');
  }
}
