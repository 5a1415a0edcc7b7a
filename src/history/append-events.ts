import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readOwnJson } from '../disk/read-json.ts';
import { writeFileAtomically } from '../disk/write-file.ts';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import type { EventBody, RunEvent } from '../model/events.ts';
import { summarise, summaryOf } from '../model/summary.ts';
import { readRun, replay } from './read-runs.ts';
import { eventsFile, summaryFile } from './run-folder.ts';

/**
 * Adds what became known after a run's end to its recording. It takes no time of the run.
 *
 * @param dir the folder of a run that is finished.
 * @returns the events as they were written.
 * @throws EnvironmentError where they can't be written.
 */
export async function appendEvents(dir: string, bodies: readonly EventBody[], now = new Date()): Promise<readonly RunEvent[]> {
  const { runId, events } = await readRun(dir);
  const stamp = { runId, lane: 0, time: now.toISOString(), atMs: events.at(-1)?.atMs ?? 0 };
  const added = bodies.map((body): RunEvent => ({ ...body, ...stamp }));
  try {
    await appendFile(join(dir, eventsFile), added.map((event) => `${JSON.stringify(event)}\n`).join(''));
    await updateSummary(dir, [...events, ...added]);
  } catch (error) {
    throw new EnvironmentError(`what was found after the run can’t be kept in ${dir}: ${messageOf(error)}`, 'make room on that disk', { cause: error });
  }
  return added;
}

/** The summary that a run wrote at its end, with what is known of its testcases now. One that is missing stays so. */
async function updateSummary(dir: string, events: readonly RunEvent[]): Promise<void> {
  const path = join(dir, summaryFile);
  const summary = await readOwnJson(path, summaryOf);
  if (summary === null || summary === 'newer') return;
  const { testcases } = summarise(replay(events));
  await writeFileAtomically(path, `${JSON.stringify({ ...summary, testcases }, null, 2)}\n`);
}
