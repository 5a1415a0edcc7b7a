import type { Options } from '../config/options.ts';
import { appendEvents } from '../history/append-events.ts';
import type { RunEvent } from '../model/events.ts';
import type { OpenRun } from './open-run.ts';
import { triageRun } from './triage-runs.ts';

export interface KeepTriageOptions {
  readonly options: Options;
  /** The session that goes on. */
  readonly run: Pick<OpenRun, 'recorder'>;
  readonly signal: AbortSignal;
  /** Told in one line what begins. */
  readonly say: (line: string) => void;
  /** Gets what was found, unless the session's own events bring it. */
  readonly tell: (event: RunEvent) => void;
}

/** Runs a testcase that failed in a session again elsewhere, and adds what comes of it to the recording of that run. */
export async function keepTriage(folder: string, testcase: string, { options, run, signal, say, tell }: KeepTriageOptions): Promise<void> {
  const { found, interrupted } = await triageRun(folder, options, { only: [testcase], say, signal });
  if (interrupted !== null) return;
  if (found.length === 0) say(`${testcase} has not failed in that run`);
  // The newest run's recording is still open, and written by its recorder alone.
  if (folder === run.recorder.folder) for (const body of found) run.recorder.record(body);
  else for (const event of await appendEvents(folder, found)) tell(event);
}
