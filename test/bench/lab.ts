import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { link, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The benchmark's own environment: a developer's is left alone, its image is shared. */
const folder = resolve('build/bench-env');
export const vmDir = join(folder, 'vm');
export const runsDir = join(folder, 'runs');
export const cli = resolve('build/compiled/cli.js');
export const settings = {
  ...{ NFS_PORT: '4400', SSH_PORT: '2422', SUITE: 'bundled', IMAGE_NAME: 'ganesha', VM_OUTPUT_DIR: vmDir, RUNS_DIR: runsDir },
  // A run that is removed meanwhile would count as disk that a start gives back.
  RUNS_KEEP: '10000',
} as const;

export async function shareImages(): Promise<void> {
  await mkdir(vmDir, { recursive: true });
  // A folder that has its own keeps it.
  for (const name of ['vm.qcow2', 'vmlinuz', 'initrd.img', 'vm.qcow2.json']) await link(resolve('build/nfstest/vm', name), join(vmDir, name)).catch(() => {});
}

/** A run of the program as a user starts it. */
export interface Timed {
  readonly tookMs: number;
  /** From the command to the moment its output held the text that was asked for; null where it never did. */
  readonly sawAtMs: number | null;
  readonly stdout: string;
  /** Largest resident set of the program itself, without QEMU. */
  readonly peakBytes: number;
}

/** Throws where it does not end with 0. `until`: text of its standard output whose time is taken. */
export async function nfstestTui(args: readonly string[], until?: string): Promise<Timed> {
  const startMs = performance.now();
  const child = spawn(process.execPath, [cli, ...args], { env: { ...process.env, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] });
  const watched = watchMemory(child);
  let stdout = '';
  let stderr = '';
  let sawAtMs: number | null = null;
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    if (sawAtMs === null && until !== undefined && stdout.includes(until)) sawAtMs = performance.now() - startMs;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const exitCode = await new Promise<number | null>((done, fail) => child.on('error', fail).on('close', done));
  const tookMs = performance.now() - startMs;
  if (exitCode !== 0) throw new Error(`nfstest-tui ${args.join(' ')} ended with ${exitCode}:\n${stdout.split('\n').slice(-15).join('\n')}\n${stderr}`);
  return { tookMs, sawAtMs, stdout, peakBytes: await watched };
}

/** The kernel keeps the peak; it is gone with the process. Source: proc(5), VmHWM. */
async function watchMemory(child: ChildProcess): Promise<number> {
  let peakBytes = 0;
  while (child.exitCode === null && child.signalCode === null) {
    try {
      const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      peakBytes = Math.max(peakBytes, Number(kib ?? 0) * 1024);
    } catch {
      // It has just ended, or the system has no /proc.
    }
    await sleep(100);
  }
  return peakBytes;
}

/** What a folder takes on the disk, holes left out. */
export async function diskBytes(dir: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(dir, { withFileTypes: true }).catch(() => [])) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) sum += await diskBytes(path);
    // Blocks of 512 bytes. Source: stat(2).
    else if (entry.isFile()) sum += (await stat(path)).blocks * 512;
  }
  return sum;
}

/** An event of the newest run. */
export async function lastEvent<T>(type: string): Promise<T> {
  const text = await readFile(join(runsDir, 'latest', 'events.ndjson'), 'utf8');
  const events = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly type: string });
  const found = events.findLast((event) => event.type === type);
  if (!found) throw new Error(`the newest run has no ${type}`);
  return found as T;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[middle - 1 + (sorted.length % 2)], sorted[middle]];
  return ((low ?? 0) + (high ?? 0)) / 2;
};
