import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import type { EventBody, RunEvent } from '../model/events.ts';
import { readRun } from './read-runs.ts';
import { eventsFile } from './run-folder.ts';

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
  } catch (error) {
    throw new EnvironmentError(`what was found after the run can’t be kept in ${dir}: ${messageOf(error)}`, 'make room on that disk', { cause: error });
  }
  return added;
}
