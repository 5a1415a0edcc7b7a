import { openServices, processes } from '../app.ts';
import { lanesOnDisk } from '../config/vm-files.ts';
import { findRun } from '../history/find-run.ts';
import { readRun } from '../history/read-runs.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { isRunning, laneStatus, statusLines } from './lane-status.ts';
import { type RunTimings, timingLines, timingsOf } from './timings.ts';
import type { RunCommand } from './types.ts';

/** 0: server and client of every lane run; 3: one of them doesn't. */
export const status: RunCommand = async ({ options, switches, write }) => {
  const services = { ...(await openServices(options)), processes };
  const numbers = await lanesOnDisk(options);
  const found = (await Promise.all(numbers.map((lane) => laneStatus({ ...options, lane }, services)))).filter((lane) => lane !== null);
  const lanes = found.map((lane) => lane.status);
  const record = found[0]?.record ?? null;
  const [first] = lanes;
  const timings = switches.has('timings') ? await readTimings(record?.runId ?? 'latest', options.runsDir) : null;
  if (switches.has('json')) {
    const known = {
      ...{ runId: record?.runId ?? null, since: record?.createdAt ?? null, server: first?.server ?? null, vm: first?.vm ?? null },
      ...(lanes.length > 1 ? { lanes } : {}),
    };
    write(`${JSON.stringify(timings === null ? known : { ...known, timings }, null, 2)}\n`);
  } else {
    write(`${[...statusLines(lanes, record?.createdAt ?? null), ...(timings === null ? [] : ['', ...timingLines(timings)])].join('\n')}\n`);
  }
  return lanes.length > 0 && lanes.every(isRunning) ? ExitCode.passed : ExitCode.environment;
};

/** Of the run that started what runs now; of the newest where nothing does or that one's folder is gone. */
async function readTimings(runId: string, runsDir: string): Promise<RunTimings> {
  const dir = await findRun(runId, runsDir).catch(() => findRun('latest', runsDir));
  return timingsOf((await readRun(dir)).events);
}
