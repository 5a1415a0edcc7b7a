// biome-ignore lint/style/noRestrictedImports: only tests load this file.
import { readFileSync } from 'node:fs';
import { type LogChannel, logChannels, type RunEvent } from '../../src/model/events.ts';
import type { Recording } from '../replay/replay-controller.ts';

const textOf = (run: string, file: string): string => readFileSync(`test/fixtures/runs/${run}/${file}`, 'utf8').trimEnd();

/** A recorded run: `full` (all testcases, `open` fails), `no-vm` (the client VM never gets ready) or `nfstest-open` (`open` fails as known). */
export function recordedRun(run: 'full' | 'no-vm' | 'nfstest-open'): Recording {
  const events = textOf(run, 'events.ndjson')
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
  const logs = logChannels.map((channel) => [channel, textOf(run, `${channel}.log`).split('\n')]);
  return { events, logs: Object.fromEntries(logs) as Record<LogChannel, string[]>, folder: `test/fixtures/runs/${run}` };
}
