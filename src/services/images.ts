import { chmod, copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { execa } from 'execa';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import { download, publishedSum } from './image-download.ts';
import { environment, firstLine, lastLines, makeIso, run, toolFailed } from './image-tools.ts';
import type { Cancellable, OnBytes, ReportProgress, VmImageService } from './types.ts';

const alpineMirror = 'https://dl-cdn.alpinelinux.org/alpine';

/** Where Alpine publishes a cloud image. Source: its mirror's layout from 3.24.2 on. */
export function alpineImageUrl(version: string, arch: 'x86_64' | 'aarch64', mirror = alpineMirror): string {
  const branch = version.split('.').slice(0, 2).join('.');
  return `${mirror}/v${branch}/releases/cloud/alpine-${version}-${arch}-cloudinit-r0.qcow2`;
}

/** Two gigabytes from a slow disk. */
const inspectDeadlineMs = 120_000;

/** The root disk of a cloud image is tiny: packages would not fit. */
const diskSize = '2G';

/** Disk images made with QEMU's, Debian's and ISO tools. */
export class ToolVmImageService implements VmImageService {
  readonly #recipe: string;
  readonly #mirror: string;

  /** `recipe` is the path of the Debian image's build script, `mirror` where Alpine's releases are. */
  constructor({ recipe, mirror = alpineMirror }: { recipe: string; mirror?: string }) {
    this.#recipe = recipe;
    this.#mirror = mirror;
  }

  async downloadAlpine(
    { target, version, arch, sha512 }: { target: string; version: string; arch: 'x86_64' | 'aarch64'; sha512: string },
    { signal, onProgress }: Cancellable & { onProgress: ReportProgress },
  ): Promise<void> {
    const url = alpineImageUrl(version, arch, this.#mirror);
    const name = basename(url);
    const part = `${target}.part`;
    await mkdir(dirname(target), { recursive: true });
    // One of a program that was killed has whatever mode it has.
    await rm(part, { force: true });
    try {
      const expected = sha512 === '' ? await publishedSum(`${url}.sha512`, signal) : sha512;
      const actual = await download(url, part, { signal, onProgress });
      if (actual !== expected) {
        throw new EnvironmentError(`the download ${name} has the wrong SHA-512 sum`, 'try again; if it stays so, the mirror or the pinned sum is wrong');
      }
      await run('qemu-img', ['resize', '-f', 'qcow2', part, diskSize], { signal });
      await rename(part, target);
    } finally {
      await rm(part, { force: true });
    }
  }

  async buildDebian(
    { dir, name }: { dir: string; name: string },
    { signal, onProgress, onOutput }: Cancellable & { onProgress: ReportProgress; onOutput: OnBytes },
  ): Promise<void> {
    await mkdir(dir, { recursive: true });
    // The script removes what it began when it is asked to end.
    await run('sh', [this.#recipe, dir, name, diskSize], {
      signal,
      onOutput: (chunk) => {
        onOutput(chunk);
        for (const step of String(chunk).matchAll(/^==> (.+)$/gm)) onProgress(step[1] ?? '');
      },
      graceMs: 20_000,
    });
  }

  async createSeed({ target, userData, metaData }: { target: string; userData: string; metaData: string }, { signal }: Cancellable): Promise<void> {
    // Nobody else may look into this folder: the user-data holds the guest's host key.
    const folder = await mkdtemp(`${target}.`);
    const [content, part] = [join(folder, 'content'), join(folder, 'seed.iso')];
    try {
      await mkdir(content);
      await copyFile(userData, join(content, 'user-data'));
      await copyFile(metaData, join(content, 'meta-data'));
      await makeIso(content, part, signal);
      await chmod(part, 0o600);
      await rename(part, target);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async createOverlay({ base, overlay, trusted = false }: { base: string; overlay: string; trusted?: boolean }, { signal }: Cancellable): Promise<void> {
    const format = trusted ? 'qcow2' : await this.#soundFormat(base, signal);
    await rm(overlay, { force: true });
    // A guest writes its private host key there. qemu-img keeps the mode of a file that is there already.
    await writeFile(overlay, '', { flag: 'wx', mode: 0o600 }).catch((cause: unknown) => {
      throw new EnvironmentError(`can't make the disk ${overlay}: ${messageOf(cause)}`, 'check that you may write there', { cause });
    });
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', format, '-b', base, overlay], { signal });
  }

  /** Format of an image; throws where it is broken. */
  async #soundFormat(base: string, signal: AbortSignal): Promise<string> {
    const broken = (cause: unknown) =>
      new EnvironmentError(`${base} is no sound qcow2 image: ${messageOf(cause)}`, 'remove it to have it made anew, or give another with --vm-image', {
        cause,
      });
    let format: string;
    try {
      const { stdout } = await execa('qemu-img', ['info', '--output=json', base], { cancelSignal: signal, timeout: inspectDeadlineMs });
      format = (JSON.parse(stdout) as { format: string }).format;
      if (format === 'qcow2') await check(base, signal);
    } catch (error) {
      signal.throwIfAborted();
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw toolFailed('qemu-img', error, []);
      throw broken(firstLine(error));
    }
    // QEMU takes anything it doesn't know for a raw disk: no guest would boot from it.
    if (format === 'raw' && /\.qcow2?$/.test(base)) throw broken('it has no qcow2 header');
    return format;
  }

  debianRootfs(
    { suite, packages }: { suite: string; packages: readonly string[] },
    { signal, onOutput }: Cancellable & { onOutput: OnBytes },
  ): { tar: NodeJS.ReadableStream; done: Promise<void> } {
    const include = packages.length > 0 ? [`--include=${packages.join(',')}`] : [];
    const child = execa('mmdebstrap', ['--variant=minbase', ...include, suite, '-'], {
      cancelSignal: signal,
      encoding: 'buffer',
      buffer: { stdout: false },
      maxBuffer: 100_000_000,
      env: environment,
      forceKillAfterDelay: 10_000,
    });
    child.stderr.on('data', onOutput);
    const tar = Readable.from(child.readable({ from: 'stdout' }));
    const done = child.then(
      () => undefined,
      (error: unknown) => {
        signal.throwIfAborted();
        throw toolFailed('mmdebstrap', error, lastLines(String((error as { stderr?: Uint8Array }).stderr ?? '')));
      },
    );
    return { tar, done };
  }
}

/** Throws where an image is broken. Clusters that leaked (exit code 3, see qemu-img's manual) only take up room. */
async function check(image: string, signal: AbortSignal): Promise<void> {
  try {
    await execa('qemu-img', ['check', '-q', image], { cancelSignal: signal, timeout: inspectDeadlineMs });
  } catch (error) {
    if ((error as { exitCode?: number }).exitCode !== 3) throw error;
  }
}
