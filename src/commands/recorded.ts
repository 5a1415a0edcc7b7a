import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRun } from '../history/find-run.ts';
import { joinLogs, type LogLines, type RecordedRun, readLaneLogs, readRun } from '../history/read-runs.ts';
import { UserError } from '../model/errors.ts';
import { eventSections } from '../reporters/event-sections.ts';
import { buildReport, type Report } from '../reporters/index.ts';

/** A run read back, with its logs. */
export interface OpenRecord extends RecordedRun {
  /** Of all lanes, one lane after the other. */
  readonly logs: LogLines;
  /** Of each lane. */
  readonly laneLogs: readonly LogLines[];
  /** It came out of a capsule; its folder is gone after use. */
  readonly isCapsule: boolean;
}

const isCapsule = (word: string): boolean => /\.(tar\.gz|tgz)$/.test(word);

/**
 * Opens a kept run, or a capsule's, for as long as `use` takes.
 *
 * @param word see `findRun`; or the path of a capsule (.tar.gz).
 */
export async function withRecord<T>(word: string, runsDir: string, use: (record: OpenRecord) => Promise<T>): Promise<T> {
  if (!isCapsule(word)) return use(await openRecord(await findRun(word, runsDir)));
  const folder = await mkdtemp(join(tmpdir(), 'nfstest-capsule-'));
  try {
    const { readCapsule } = await import('../services/capsule-archive.ts');
    return await use({ ...(await openRecord(await readCapsule(word, folder))), isCapsule: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A run's folder read back. */
export async function openRecord(dir: string): Promise<OpenRecord> {
  const [run, laneLogs] = await Promise.all([readRun(dir), readLaneLogs(dir)]);
  if (run.events.length === 0) throw new UserError(`${dir} holds no events`, 'the run was cut off before it began');
  return { ...run, logs: joinLogs(laneLogs), laneLogs, isCapsule: false };
}

/** What reports show of a recorded run: the one place where sections are added to what events and logs tell. */
export const reportOf = ({ events, logs }: OpenRecord): Report => buildReport({ events, logs, ...eventSections(events) });

/** The testcase of a report; throws UserError where the run does not have it. */
export function testcaseOf(report: Report, name: string): Report['testcases'][number] {
  const found = report.testcases.find((testcase) => testcase.name === name);
  if (found !== undefined) return found;
  const names = report.testcases.map((testcase) => testcase.name);
  throw new UserError(`testcase '${name}' is not in this run`, names.length === 0 ? 'it had none' : `it had ${names.join(', ')}`);
}
