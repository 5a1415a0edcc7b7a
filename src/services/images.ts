import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ExecaError, execa, type Options } from 'execa';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import type { Cancellable, OnBytes, ReportProgress, VmImageService } from './types.ts';

const alpineMirror = 'https://dl-cdn.alpinelinux.org/alpine';

/** The root disk of a cloud image is tiny: packages would not fit. */
const diskSize = '2G';

/** mke2fs and friends live in sbin, which is not on everybody's PATH. */
const environment = { ...process.env, PATH: [process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter) };

/** Disk images made with QEMU's, Debian's and ISO tools. */
export class ToolVmImageService implements VmImageService {
  readonly #recipe: string;

  /** `recipe` is the path of the Debian image's build script. */
  constructor({ recipe }: { recipe: string }) {
    this.#recipe = recipe;
  }

  async downloadAlpine(
    { target, version, arch, sha512 }: { target: string; version: string; arch: 'x86_64' | 'aarch64'; sha512: string },
    { signal, onProgress }: Cancellable & { onProgress: ReportProgress },
  ): Promise<void> {
    const branch = version.split('.').slice(0, 2).join('.');
    const name = `alpine-${version}-${arch}-cloudinit-r0.qcow2`;
    const url = `${alpineMirror}/v${branch}/releases/cloud/${name}`;
    const part = `${target}.part`;
    await mkdir(dirname(target), { recursive: true });
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
    const folder = await mkdtemp(`${target}.`);
    const part = `${target}.part`;
    try {
      await copyFile(userData, join(folder, 'user-data'));
      await copyFile(metaData, join(folder, 'meta-data'));
      await makeIso(folder, part, signal);
      await rename(part, target);
    } finally {
      await rm(folder, { recursive: true, force: true });
      await rm(part, { force: true });
    }
  }

  async createOverlay({ base, overlay }: { base: string; overlay: string }, { signal }: Cancellable): Promise<void> {
    const broken = (cause: unknown) =>
      new EnvironmentError(`${base} is no sound qcow2 image: ${messageOf(cause)}`, 'remove it to have it made anew, or give another with --vm-image', {
        cause,
      });
    let format: string;
    try {
      const { stdout } = await execa('qemu-img', ['info', '--output=json', base], { cancelSignal: signal });
      format = (JSON.parse(stdout) as { format: string }).format;
      if (format === 'qcow2') await execa('qemu-img', ['check', '-q', base], { cancelSignal: signal });
    } catch (error) {
      signal.throwIfAborted();
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw toolFailed('qemu-img', error, []);
      throw broken(firstLine(error));
    }
    // QEMU takes anything it doesn't know for a raw disk: no guest would boot from it.
    if (format === 'raw' && /\.qcow2?$/.test(base)) throw broken('it has no qcow2 header');
    await rm(overlay, { force: true });
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', format, '-b', base, overlay], { signal });
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

function lastLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-10);
}

const firstLine = (error: unknown) => (error instanceof ExecaError ? String(error.stderr || error.shortMessage) : messageOf(error)).trim().split('\n')[0];

function toolFailed(tool: string, error: unknown, lines: readonly string[]): EnvironmentError {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
    return new EnvironmentError(`${tool} is not installed`, 'run `nfstest-tui setup`', { cause: error });
  }
  const full = lines.some((line) => line.includes('No space left on device'));
  const what = full ? 'the disk is full' : (lines.at(-1) ?? firstLine(error) ?? 'it failed');
  return new EnvironmentError(`${tool} failed: ${what}`, full ? 'free some space and try again' : 'the build log has the lines before it', { cause: error });
}

async function run(
  tool: string,
  args: readonly string[],
  { signal, onOutput = () => {}, graceMs = 5_000 }: Cancellable & { onOutput?: OnBytes; graceMs?: number },
): Promise<void> {
  const options = { cancelSignal: signal, all: true, env: environment, forceKillAfterDelay: graceMs, maxBuffer: 100_000_000 } satisfies Options;
  const child = execa(tool, args, options);
  child.all.on('data', onOutput);
  try {
    await child;
  } catch (error) {
    signal.throwIfAborted();
    throw toolFailed(tool, error, lastLines(String((error as { all?: string }).all ?? '')));
  }
}

async function publishedSum(url: string, signal: AbortSignal): Promise<string> {
  const response = await request(url, signal);
  const sum = /^[0-9a-f]{128}/.exec(await response.text())?.[0];
  if (sum === undefined) throw new EnvironmentError(`${url} holds no SHA-512 sum`, 'set ALPINE_SHA512_AARCH64 (or _X86_64), or VM_SOURCE=debian');
  return sum;
}

async function request(url: string, signal: AbortSignal): Promise<Response> {
  try {
    const response = await fetch(url, { signal });
    if (response.ok) return response;
    throw new Error(`HTTP ${response.status}`);
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new EnvironmentError(`could not download ${url}: ${messageOf(cause)}`, 'check the network, or use VM_SOURCE=debian', { cause: error });
  }
}

/** Returns the SHA-512 sum of what was written. */
async function download(url: string, path: string, { signal, onProgress }: Cancellable & { onProgress: ReportProgress }): Promise<string> {
  const response = await request(url, signal);
  const total = Number(response.headers.get('content-length') ?? 0);
  const hash = createHash('sha512');
  let received = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk);
      received += chunk.length;
      onProgress(`downloaded ${(received / 2 ** 20).toFixed(0)} MiB`, total > 0 ? received / total : null);
      next(null, chunk);
    },
  });
  if (response.body === null) throw new EnvironmentError(`${url} is empty`, 'try again');
  await pipeline(Readable.fromWeb(response.body), meter, createWriteStream(path), { signal });
  const { size } = await stat(path);
  if (total > 0 && size !== total) throw new EnvironmentError(`the download of ${url} ended early`, 'try again');
  return hash.digest('hex');
}

async function makeIso(folder: string, target: string, signal: AbortSignal): Promise<void> {
  const mkisofsArgs = ['-quiet', '-output', target, '-volid', 'cidata', '-joliet', '-rock', folder];
  const tools: readonly (readonly [tool: string, args: readonly string[]])[] = [
    ['genisoimage', mkisofsArgs],
    ['mkisofs', mkisofsArgs],
    ['xorriso', ['-as', 'mkisofs', ...mkisofsArgs]],
    ['hdiutil', ['makehybrid', '-quiet', '-o', target, '-hfs', '-joliet', '-iso', '-default-volume-name', 'cidata', folder]],
  ];
  for (const [tool, args] of tools) {
    try {
      await execa(tool, args, { cancelSignal: signal, all: true });
      return;
    } catch (error) {
      signal.throwIfAborted();
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw toolFailed(tool, error, lastLines(String((error as { all?: string }).all ?? '')));
    }
  }
  throw new EnvironmentError('no tool to make an ISO image is installed', 'run `nfstest-tui setup` (genisoimage or xorriso)');
}
