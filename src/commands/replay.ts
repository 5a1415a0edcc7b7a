import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Recording } from '../../components/replay/replay-controller.ts';
import { previousResults } from '../history/previous-results.ts';
import { readRun } from '../history/read-runs.ts';
import { eventsFile } from '../history/run-folder.ts';
import { UserError } from '../model/errors.ts';
import { type LogChannel, logChannels } from '../model/events.ts';
import type { ExitCode } from '../model/exit-codes.ts';
import { catalog } from '../suite/catalog.ts';
import { pagerCommand, showDashboard } from './dashboard.ts';
import { summaryLines } from './dashboard-summary.ts';
import type { CommandInput } from './types.ts';

const speedWord = /^(\d+(?:\.\d+)?)[x×]$/;

/** The folder that a word means: a path, the events' file in it, or the name of a kept run. */
async function folderOf(word: string, runsDir: string): Promise<string> {
  const path = resolve(word);
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) return path;
  if (found?.isFile()) {
    if (basename(path) !== eventsFile) throw new UserError(`${word} is no recorded run`, `give a run’s folder or its ${eventsFile}`);
    return dirname(path);
  }
  return join(runsDir, word);
}

async function readLog(folder: string, channel: LogChannel): Promise<readonly string[]> {
  const text = await readFile(join(folder, `${channel}.log`), 'utf8').catch(() => '');
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

async function readRecording(folder: string): Promise<Recording> {
  const { events } = await readRun(folder);
  if (events.length === 0) throw new UserError(`${folder} holds no events`, 'the run was cut off before it began');
  const logs = await Promise.all(logChannels.map(async (channel) => [channel, await readLog(folder, channel)] as const));
  return { events, logs: Object.fromEntries(logs) as Record<LogChannel, readonly string[]>, folder };
}

export async function replay(input: CommandInput): Promise<ExitCode> {
  const [word = 'latest', speed] = input.words;
  const match = speed === undefined ? null : speedWord.exec(speed);
  if (speed !== undefined && match === null) throw new UserError(`'${speed}' is no speed`, 'for example 4x');
  const { runsDir } = input.options;
  const folder = await folderOf(word, runsDir);
  const recording = await readRecording(folder);
  const runId = recording.events[0]?.runId ?? '';
  const { ReplayController } = await import('../../components/replay/replay-controller.ts');
  const controller = new ReplayController(recording, {
    catalog,
    previous: await previousResults(runsDir, runId),
    speed: match === null ? 1 : Number(match[1]),
    logFile: (channel) => join(folder, `${channel}.log`),
    pagerCommand,
  });
  controller.player.togglePause();
  const exitCode = await showDashboard(controller, input);
  for (const line of summaryLines(controller.store.getSnapshot(), relative(process.cwd(), await realpath(folder)))) input.write(`${line}\n`);
  return exitCode;
}
