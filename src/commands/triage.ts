import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { appendEvents } from '../history/append-events.ts';
import { findRun } from '../history/find-run.ts';
import { UserError } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { TestcaseState } from '../model/run-state.ts';
import { newFailures } from '../model/triage-plan.ts';
import { documents } from '../reporters/index.ts';
import { triageLines } from '../reporters/triage-section.ts';
import { openRecord, reportOf, testcaseOf } from './recorded.ts';
import { tellFailures, writeReports } from './report-files.ts';
import { untilSignal } from './signals.ts';
import { triageRun } from './triage-runs.ts';
import type { RunCommand } from './types.ts';

/** Events and summary have it already. */
const refreshed = ['junit', 'tap', 'github', 'html'] as const;

const isFailed = ({ status }: TestcaseState): boolean => status === 'failed' || status === 'known';

/** Runs what failed in a kept run again elsewhere, keeps the answer with the run, and brings the reports in its folder up to date. */
export const triage: RunCommand = async ({ options, switches, words: [word = 'latest', name, more], write }) => {
  if (more !== undefined) throw new UserError(`what is '${more}'?`, 'for example: nfstest-tui triage latest rename');
  const folder = await findRun(word, options.runsDir);
  const record = await openRecord(folder);
  if (name !== undefined) testcaseOf(reportOf(record), name);
  const failed =
    name === undefined ? newFailures(record.state) : record.state.testcases.flatMap((each) => (each.name === name && isFailed(each) ? [name] : []));
  const json = switches.has('json');
  if (failed.length === 0) {
    if (!json) write(name === undefined ? 'nothing failed that was not expected to\n' : `${name} has not failed\n`);
    return ExitCode.passed;
  }
  const say = (line: string) => (json ? undefined : write(`${line}\n`));
  const { result, interrupted } = await untilSignal((signal) => triageRun(folder, options, { only: failed, say, signal }));
  if (interrupted !== null) return interrupted;
  const { found } = result;
  const added = await appendEvents(folder, found);
  if (json) write(added.map((event) => `${JSON.stringify(event)}\n`).join(''));
  else for (const event of found) write(`${triageLines(event).join('\n')}\n`);
  const names = refreshed.filter((each) => existsSync(join(folder, documents[each].file)));
  if (names.length > 0) {
    const report = reportOf(await openRecord(folder));
    tellFailures(await writeReports(report, { names, folder, recording: folder, write: (text) => (json ? undefined : write(text)), environment: {} }));
  }
  if (!json) write(`kept in    ${relative(process.cwd(), folder)}\n`);
  return found.some(({ blame }) => blame !== 'unclear') ? ExitCode.passed : ExitCode.environment;
};
