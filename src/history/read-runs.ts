import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readOwnJson } from '../disk/read-json.ts';
import { UserError } from '../model/errors.ts';
import { isRunEvent } from '../model/event-shape.ts';
import { type LogChannel, logChannels, type RunEvent } from '../model/events.ts';
import { mostLanes } from '../model/lane-state.ts';
import { logFile } from '../model/log-file.ts';
import { emptyRunState, type RunState, reduce } from '../model/run-state.ts';
import { type RunSummary, summaryOf } from '../model/summary.ts';
import { runIds } from './find-run.ts';
import { eventsFile, summaryFile } from './run-folder.ts';

/** A run in a list. */
export interface KeptRun {
  readonly runId: string;
  readonly dir: string;
  /** Null where the run was cut off before it could write one, and while it goes on. */
  readonly summary: RunSummary | null;
}

/** A run read back. */
export interface RecordedRun {
  readonly runId: string;
  readonly dir: string;
  readonly events: readonly RunEvent[];
  /** Rebuilt from the events. */
  readonly state: RunState;
  /** Lines that could not be read; a run that was killed has one at its end. */
  readonly damagedLines: number;
}

function parseEvent(line: string): RunEvent | null {
  try {
    const value: unknown = JSON.parse(line);
    if (isRunEvent(value)) return value;
  } catch {
    // A torn line.
  }
  return null;
}

/** Rebuilds a run's state; an event of a newer version, which `reduce` does not know, changes nothing. */
export function replay(events: readonly RunEvent[], initial: RunState = emptyRunState): RunState {
  return events.reduce<RunState>((state, event) => (reduce(state, event) as RunState | undefined) ?? state, initial);
}

/** A run's summary as it was written at its end; null where there is none that this version can read. */
export async function readSummary(dir: string): Promise<RunSummary | null> {
  const summary = await readOwnJson(join(dir, summaryFile), summaryOf);
  return summary === 'newer' ? null : summary;
}

/** The runs kept in a folder, newest first; none where the folder does not exist. */
export async function listRuns(runsDir: string): Promise<KeptRun[]> {
  const runs = await runIds(runsDir);
  return Promise.all(runs.map(async (runId) => ({ runId, dir: join(runsDir, runId), summary: await readSummary(join(runsDir, runId)) })));
}

/**
 * Reads a run's events. Tolerates what a killed run leaves: a last line without its end.
 *
 * @param dir a run's folder, or the link `latest`.
 * @throws UserError when there is no run.
 */
export async function readRun(dir: string): Promise<RecordedRun> {
  const path = join(dir, eventsFile);
  const text = await readFile(path, 'utf8').catch(async (error: NodeJS.ErrnoException) => {
    const there = await stat(dir).then(
      () => true,
      () => false,
    );
    throw new UserError(
      there ? `${dir} holds no run: ${error.message}` : `there is no run ${dir}`,
      'runs are kept in build/runs, the newest as build/runs/latest',
      {
        cause: error,
      },
    );
  });
  const lines = text.split('\n').filter((line) => line !== '');
  const events = lines.flatMap((line) => parseEvent(line) ?? []);
  return { runId: events[0]?.runId ?? basename(dir), dir, events, state: replay(events), damagedLines: lines.length - events.length };
}

async function readLog(dir: string, name: string): Promise<readonly string[]> {
  const text = await readFile(join(dir, name), 'utf8').catch(() => '');
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** The lines of a lane's logs, or of all lanes'. */
export type LogLines = Readonly<Record<LogChannel, readonly string[]>>;

const logsOf = (lines: (channel: LogChannel) => readonly string[]): LogLines =>
  Object.fromEntries(logChannels.map((channel) => [channel, lines(channel)])) as LogLines;

/** The logs of each lane of a run, one lane at least; a log that is not there has no lines. */
export async function readLaneLogs(dir: string): Promise<readonly LogLines[]> {
  const names = await readdir(dir).catch(() => []);
  const lanes = Math.min(mostLanes, Math.max(1, ...names.map((name) => Number(/\.lane-(\d+)\.log$/.exec(name)?.[1] ?? 1))));
  return Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const lines = await Promise.all(logChannels.map(async (channel) => [channel, await readLog(dir, logFile(channel, lane))] as const));
      const byChannel = new Map(lines);
      return logsOf((channel) => byChannel.get(channel) ?? []);
    }),
  );
}

/** The logs of all lanes, one lane after the other. */
export const joinLogs = (lanes: readonly LogLines[]): LogLines => logsOf((channel) => lanes.flatMap((logs) => logs[channel]));
