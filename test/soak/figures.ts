import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import type Docker from 'dockerode';
import { containersOf, openFilesOf, processesOf, volumesOf } from '../faults/leftovers.ts';
import type { Allowance } from './trend.ts';

const mebibyte = 2 ** 20;

/**
 * What is looked at after each round, when everything of it is stopped. The program's objects are the heap, and a leak of 20 KiB per
 * round shows in 50. Machine code and bytecode come apart: V8 compiles a function when it has been called often enough, which for those
 * that are called a few times per round is in the tenth round or later, and stops when all are compiled.
 */
export const figures = {
  heapMiB: { title: 'heap, MiB', growth: 0.75 },
  codeMiB: { title: 'code, MiB', growth: 3 },
  buffersMiB: { title: 'buffers, MiB', growth: 1 },
  rssMiB: { title: 'memory, MiB', growth: 20 },
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

/** Bytes of V8's heap in use: by the program's objects, and by what V8 made of its source. The space of Node's snapshot never changes. */
function heapUsed(): { readonly objectBytes: number; readonly codeBytes: number } {
  let [objectBytes, codeBytes] = [0, 0];
  for (const { space_name: name, space_used_size: bytes } of getHeapSpaceStatistics()) {
    if (/code|trusted/.test(name)) codeBytes += bytes;
    else if (name !== 'read_only_space') objectBytes += bytes;
  }
  return { objectBytes, codeBytes };
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
  const { external, rss } = process.memoryUsage();
  const { objectBytes, codeBytes } = heapUsed();
  const [open, containers, volumes, processes] = await Promise.all([
    openFilesOf(process.pid),
    containersOf(docker, vmDir),
    volumesOf(docker),
    processesOf(vmDir),
  ]);
  let diskBytes = 0;
  for (const folder of folders) diskBytes += await diskUsed(folder);
  return {
    heapMiB: objectBytes / mebibyte,
    codeMiB: codeBytes / mebibyte,
    buffersMiB: external / mebibyte,
    rssMiB: rss / mebibyte,
    handles: open.length,
    containers: containers.length,
    volumes: volumes.size,
    processes: processes.length,
    diskMiB: diskBytes / mebibyte,
  };
}
