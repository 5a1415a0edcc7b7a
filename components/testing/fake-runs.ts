// biome-ignore lint/style/noRestrictedImports: only tests load this file.
import { readFileSync } from 'node:fs';
import { logChannels, type RunEvent } from '../../src/model/events.ts';
import { logFile } from '../../src/model/log-file.ts';
import type { LaneLogs, Recording } from '../replay/replay-controller.ts';

const textOf = (run: string, file: string): string => readFileSync(`test/fixtures/runs/${run}/${file}`, 'utf8').trimEnd();

/** A recorded run: `full` (all testcases, `open` fails), `no-vm` (the client VM never gets ready), `nfstest-open` (`open` fails as known) or `lanes` (two of them). */
export function recordedRun(run: 'full' | 'no-vm' | 'nfstest-open' | 'lanes'): Recording & { readonly logs: LaneLogs } {
  const events = textOf(run, 'events.ndjson')
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
  const logsOf = (lane: number) => {
    const logs = logChannels.map((channel) => [channel, lane > 0 && channel === 'build' ? [] : textOf(run, logFile(channel, lane)).split('\n')]);
    return Object.fromEntries(logs) as LaneLogs;
  };
  const lanes = (run === 'lanes' ? [0, 1] : [0]).map(logsOf);
  return { events, lanes, logs: logsOf(0), folder: `test/fixtures/runs/${run}` };
}

/** Events up to and with the first that fits. */
export const upTo = (events: readonly RunEvent[], fits: (event: RunEvent) => boolean) => events.slice(0, events.findIndex(fits) + 1);
