import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { appendEvents } from '../history/append-events.ts';
import { findRun } from '../history/find-run.ts';
import { readRun } from '../history/read-runs.ts';
import { UserError } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { newFailures } from '../model/triage-plan.ts';
import { type DocumentName, documents } from '../reporters/index.ts';
import { triageLines } from '../reporters/triage-section.ts';
import { openRecord, reportOf, testcaseOf } from './recorded.ts';
import { tellFailures, writeReports } from './report-files.ts';
import { triageRun } from './triage-runs.ts';
import type { RunCommand } from './types.ts';

/** Runs what failed in a kept run again elsewhere, keeps the answer with the run, and brings the reports in its folder up to date. */
export const triage: RunCommand = async ({ options, switches, words: [word = 'latest', name, more], write }) => {
  if (more !== undefined) throw new UserError(`what is '${more}'?`, 'for example: nfstest-tui triage latest rename');
  const folder = await findRun(word, options.runsDir);
  const record = await openRecord(folder);
  if (name !== undefined) testcaseOf(reportOf(record), name);
  const failed = newFailures(record.state).filter((testcase) => name === undefined || testcase === name);
  const json = switches.has('json');
  if (failed.length === 0) {
    if (!json) write(name === undefined ? 'nothing failed that was not expected to\n' : `${name} has not failed, or only as expected\n`);
    return ExitCode.passed;
  }
  const say = (line: string) => (json ? undefined : write(`${line}\n`));
  const { found, interrupted } = await triageRun(folder, options, { only: failed, say });
  if (interrupted !== null) return interrupted;
  const added = await appendEvents(folder, found);
  if (json) write(added.map((event) => `${JSON.stringify(event)}\n`).join(''));
  else for (const event of found) write(`${triageLines(event).join('\n')}\n`);
  const names = (Object.keys(documents) as DocumentName[]).filter(
    (each) => existsSync(join(folder, documents[each].file)) && documents[each].file !== 'summary.json',
  );
  if (names.length > 0) {
    const report = reportOf(await openRecord(folder));
    tellFailures(await writeReports(report, { names, folder, recording: folder, write: (text) => (json ? undefined : write(text)), environment: {} }));
  }
  if (!json) write(`kept in    ${relative(process.cwd(), (await readRun(folder)).dir)}\n`);
  return found.some(({ blame }) => blame !== 'unclear') ? ExitCode.passed : ExitCode.environment;
};
