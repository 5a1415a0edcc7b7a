import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runIds } from './find-run.ts';
import { eventsFile, summaryFile } from './run-folder.ts';

/** A run without summary may still go on in another process; after a day without a word it does not. */
const abandonedMs = 24 * 3600 * 1000;

async function mayGoOn(dir: string, nowMs: number): Promise<boolean> {
  const names = await readdir(dir);
  if (names.includes(summaryFile)) return false;
  const { mtimeMs } = await lstat(join(dir, names.includes(eventsFile) ? eventsFile : '.'));
  return nowMs - mtimeMs < abandonedMs;
}

/**
 * Deletes the oldest runs, so that `keep` stay. Only folders with a run's name are touched, never the run `current`,
 * and none that may still go on.
 *
 * @returns the names of the runs that were deleted.
 */
export async function pruneRuns(runsDir: string, keep: number, current: string, now: Date = new Date()): Promise<readonly string[]> {
  const deleted: string[] = [];
  for (const runId of (await runIds(runsDir)).slice(keep)) {
    const dir = join(runsDir, runId);
    if (runId === current || !(await lstat(dir)).isDirectory() || (await mayGoOn(dir, now.getTime()))) continue;
    await rm(dir, { recursive: true, force: true });
    deleted.push(runId);
  }
  return deleted;
}
