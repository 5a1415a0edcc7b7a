import { access, appendFile, constants, mkdir, readdir, readFile, stat, statfs, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { chooseAccelerator } from './choose-accelerator.ts';
import { resolveEngine } from './engine-socket.ts';
import type { Host, RunOptions, RunResult } from './host.ts';
import { isPortFree, portHolder } from './ports.ts';
import { commandLineOf, processStartTime } from './process.ts';

const administrators = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Installing packages over a slow network. */
const longestMs = 60 * 60_000;

/** The first executable file of that name in PATH or among the administrators' programs. */
export async function which(command: string, path = process.env.PATH ?? ''): Promise<string | null> {
  for (const folder of [...path.split(delimiter), ...administrators]) {
    if (folder === '') continue;
    const file = join(folder, command);
    const found = await access(file, constants.X_OK)
      .then(async () => (await stat(file)).isFile())
      .catch(() => false);
    if (found) return file;
  }
  return null;
}

async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { signal, timeoutMs = longestMs, env, onLine, inheritInput = false } = options;
  signal?.throwIfAborted();
  const subprocess = execa(file, [...args], {
    reject: false,
    all: true,
    stdin: inheritInput ? 'inherit' : 'ignore',
    maxBuffer: 20_000_000,
    ...(signal ? { cancelSignal: signal } : {}),
    timeout: timeoutMs,
    ...(env ? { env } : {}),
  });
  const lines = onLine
    ? (async () => {
        for await (const line of subprocess.iterable({ from: 'all' })) onLine(String(line));
      })().catch(() => {})
    : null;
  const result = await subprocess;
  await lines;
  signal?.throwIfAborted();
  const cause = result.exitCode === undefined ? (result.originalMessage ?? result.signal ?? '') : '';
  return {
    exitCode: result.exitCode ?? null,
    stdout: result.stdout,
    stderr: [result.stderr, cause].filter((part) => part !== '').join('\n'),
  };
}

/** The nearest folder on the way up that exists. */
async function existingAncestor(path: string): Promise<string> {
  const absolute = resolve(path);
  const found = await access(absolute).then(
    () => true,
    () => false,
  );
  return found || dirname(absolute) === absolute ? absolute : existingAncestor(dirname(absolute));
}

async function aptListsAgeMs(): Promise<number | null> {
  const lists = '/var/lib/apt/lists';
  const names = await readdir(lists).catch(() => []);
  if (!names.some((name) => /_Packages(\.\w+)?$/.test(name))) return null;
  // The lists themselves keep the server's dates; the folders change with every update.
  const times = await Promise.all([lists, join(lists, 'partial')].map(async (path) => (await stat(path).catch(() => null))?.mtimeMs ?? 0));
  return Date.now() - Math.max(...times);
}

async function osName(): Promise<string> {
  if (process.platform === 'darwin') return `macOS ${(await run('sw_vers', ['-productVersion'])).stdout.trim()}`.trim();
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1] ?? process.platform;
}

/** Empty where the user has no name (a container with a bare uid). */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}

/** This machine. */
export class RealHost implements Host {
  readonly platform = process.platform;
  readonly arch = process.arch;
  readonly isRoot = process.getuid?.() === 0;
  readonly userName = userName();
  readonly nodeVersion = process.versions.node;
  readonly osName = osName;
  readonly which = (command: string) => which(command);
  readonly run = run;
  readonly aptListsAgeMs = aptListsAgeMs;
  readonly processStartTime = processStartTime;
  readonly commandLineOf = commandLineOf;

  async exists(path: string): Promise<boolean> {
    return access(path).then(
      () => true,
      () => false,
    );
  }

  async readText(path: string): Promise<string | null> {
    return readFile(path, 'utf8').catch(() => null);
  }

  async writeText(path: string, text: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  async appendText(path: string, text: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, text);
  }

  async freeBytes(path: string): Promise<number | null> {
    const info = await statfs(await existingAncestor(path)).catch(() => null);
    return info ? info.bavail * info.bsize : null;
  }

  availableMemoryBytes(): number {
    return process.availableMemory();
  }

  async findEngine() {
    return resolveEngine();
  }

  async port(port: number) {
    const isFree = await isPortFree(port);
    return { isFree, holder: isFree ? null : await portHolder(port) };
  }

  async chooseAccelerator({ signal, ...options }: Parameters<Host['chooseAccelerator']>[0]) {
    return chooseAccelerator({ ...options, ...(signal ? { signal } : {}) });
  }

  async canReach(url: string, signal?: AbortSignal): Promise<boolean> {
    const deadline = AbortSignal.timeout(4000);
    const answered = await fetch(url, { method: 'HEAD', signal: signal ? AbortSignal.any([signal, deadline]) : deadline }).then(
      (response) => response.ok,
      () => false,
    );
    signal?.throwIfAborted();
    return answered;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await sleep(ms, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
  }

  nowMs(): number {
    return performance.now();
  }
}
