import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { containersOf, openFilesOf, processesOf, volumesOf } from '../faults/leftovers.ts';
import type { Allowance } from './trend.ts';

const mebibyte = 2 ** 20;

/** What is looked at after each round, when everything of it is stopped. */
export const figures = {
  heapMiB: { title: 'heap, MiB', growth: 6 },
  rssMiB: { title: 'memory, MiB', growth: 40 },
  handles: { title: 'file handles', growth: 1 },
  containers: { title: 'containers', growth: 0 },
  volumes: { title: 'volumes', growth: 0 },
  processes: { title: 'processes', growth: 0 },
  diskMiB: { title: 'disk, MiB', growth: 4 },
} satisfies Record<string, Allowance & { readonly title: string }>;

export type FigureName = keyof typeof figures;
export type Figures = Readonly<Record<FigureName, number>>;

/** Bytes that files below a folder take; a file with several names counts once. */
async function diskUsed(folder: string, seen = new Set<number>()): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await diskUsed(path, seen);
    else {
      const found = await lstat(path).catch(() => null);
      if (found === null || seen.has(found.ino)) continue;
      seen.add(found.ino);
      bytes += found.blocks * 512;
    }
  }
  return bytes;
}

/** Measures this process, the engine and the disk. `collect` frees what nobody holds any more. */
export async function measure(
  docker: Docker,
  { vmDir, folders, collect }: { vmDir: string; folders: readonly string[]; collect: () => void },
): Promise<Figures> {
  // Connections that are closed are gone a moment later.
  await sleep(300);
  collect();
  await sleep(50);
  collect();
  const { heapUsed, rss } = process.memoryUsage();
  const [open, containers, volumes, processes] = await Promise.all([
    openFilesOf(process.pid),
    containersOf(docker, vmDir),
    volumesOf(docker),
    processesOf(vmDir),
  ]);
  let diskBytes = 0;
  for (const folder of folders) diskBytes += await diskUsed(folder);
  return {
    heapMiB: heapUsed / mebibyte,
    rssMiB: rss / mebibyte,
    handles: open.length,
    containers: containers.length,
    volumes: volumes.size,
    processes: processes.length,
    diskMiB: diskBytes / mebibyte,
  };
}
