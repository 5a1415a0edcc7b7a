import { createWriteStream, mkdirSync, renameSync, rmSync, symlinkSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '../disk/write-file.ts';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import { type EventBody, type LogChannel, logChannels, type RunEvent } from '../model/events.ts';
import { logFile } from '../model/log-file.ts';
import type { RunState } from '../model/run-state.ts';
import { type ShortenedLog, summarise } from '../model/summary.ts';
import { EventFile, eventsMaxBytes as usualEventsMaxBytes } from './event-file.ts';
import { LogFile } from './log-file.ts';

/** Name of a run's file of events: one JSON object per line. */
export const eventsFile = 'events.ndjson';
/** Name of a run's summary; see `RunSummary`. */
export const summaryFile = 'summary.json';
/** Name of the link to the newest run's folder, beside the folders. */
export const latestLink = 'latest';

export interface RunFolderOptions {
  /** Told once, when something can't be written (a full disk); nothing more is written then. */
  readonly onError?: (error: EnvironmentError) => void;
  /** Where a file is written, given where it belongs; tests name `/dev/full`. */
  readonly pathOf?: (path: string) => string;
  /** Longest log, in bytes; what comes after it is counted and left out. */
  readonly logMaxBytes?: number;
  /** Longest file of events, in bytes; see `EventFile`. */
  readonly eventsMaxBytes?: number;
}

/** Where a run is kept: events.ndjson, suite.log, server.log, vm.log, build.log, summary.json. */
export interface RunFolder {
  readonly dir: string;
  /** False for an event that nobody should hear of, because there are too many of its kind; it is counted. */
  readonly admits: (body: EventBody) => boolean;
  /** What of the events was left out so far; null where nothing was. */
  readonly eventsShortened: () => ShortenedLog | null;
  /** For `Journal.subscribe`. */
  readonly onEvent: (event: RunEvent) => void;
  /** For `LogHub.subscribe`. */
  readonly onLine: (channel: LogChannel, line: string, lane?: number) => void;
  /** What was told so far is on the disk afterwards; gives what kept it from there, as `onError` was told it, or null. */
  readonly flush: () => Promise<EnvironmentError | null>;
  /**
   * Writes summary.json, whole or not at all.
   * @throws EnvironmentError when that fails and `onError` was not told of trouble before.
   */
  readonly writeSummary: (state: RunState) => Promise<void>;
  /** Everything is on disk afterwards; may be called twice. */
  readonly close: () => Promise<void>;
}

function unwritable(dir: string, error: unknown): EnvironmentError {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const hint =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'make room on that disk, or name another folder with --runs-dir'
      : 'name a folder that can be written with --runs-dir';
  return new EnvironmentError(`the run can’t be kept in ${dir}: ${messageOf(error)}`, hint, { cause: error });
}

/** Points `latest` to the run. It is a convenience: where links are not possible there is none. */
function pointLatest(runsDir: string, runId: string): void {
  const temporary = join(runsDir, `.${latestLink}-${runId}`);
  try {
    symlinkSync(runId, temporary);
    renameSync(temporary, join(runsDir, latestLink));
  } catch {
    rmSync(temporary, { force: true });
  }
}

/** Settles when the stream has written everything or has failed. */
function closed(stream: WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve();
    else stream.once('close', resolve);
  });
}

/**
 * Makes the folder `runsDir/runId` and its files.
 *
 * @throws EnvironmentError when the folder can't be made.
 */
export function createRunFolder(
  runsDir: string,
  runId: string,
  { onError, pathOf = (path) => path, logMaxBytes = Number.POSITIVE_INFINITY, eventsMaxBytes = usualEventsMaxBytes }: RunFolderOptions = {},
): RunFolder {
  const dir = join(runsDir, runId);
  try {
    mkdirSync(runsDir, { recursive: true });
    mkdirSync(dir);
  } catch (error) {
    throw unwritable(dir, error);
  }
  pointLatest(runsDir, runId);

  let failure: EnvironmentError | null = null;
  const fail = (error: unknown) => {
    if (failure !== null) return;
    failure = unwritable(dir, error);
    onError?.(failure);
  };
  const open = (name: string) => createWriteStream(pathOf(join(dir, name))).on('error', fail);
  const events = new EventFile(eventsFile, open(eventsFile), eventsMaxBytes);
  // Readers expect the first lane's, also where nothing was said.
  const openLog = (name: string) => new LogFile(name, open(name), logMaxBytes);
  const logs = new Map(logChannels.map((channel) => [logFile(channel), openLog(logFile(channel))]));
  const logOf = (name: string): LogFile => {
    const log = logs.get(name) ?? openLog(name);
    logs.set(name, log);
    return log;
  };

  const files = () => [events, ...logs.values()];

  return {
    dir,
    admits: (body) => events.admits(body),
    eventsShortened: () => events.shortened,
    onEvent: (event) => {
      if (failure === null) events.write(event);
    },
    onLine: (channel, line, lane = 0) => {
      if (failure === null) logOf(logFile(channel, lane)).write(line);
    },
    async flush() {
      await Promise.all(files().map((file) => file.flush()));
      return failure;
    },
    async writeSummary(state) {
      const shortened = files().flatMap((file) => file.shortened ?? []);
      const summary = { ...summarise(state), ...(shortened.length === 0 ? {} : { shortened }) };
      try {
        await writeFileAtomically(join(dir, summaryFile), `${JSON.stringify(summary, null, 2)}\n`);
      } catch (error) {
        if (failure === null) throw unwritable(dir, error);
      }
    },
    async close() {
      for (const file of files()) file.end();
      await Promise.all(files().map(({ stream }) => closed(stream)));
    },
  };
}
