import { relative } from 'node:path';
import { comparable } from '../history/comparable.ts';
import { findFlaky } from '../history/flaky.ts';
import { type KeptRun, listRuns, readSummary } from '../history/read-runs.ts';
import { UserError } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { scriptOf } from '../model/suite-script.ts';
import { type ShortenedLog, summarise } from '../model/summary.ts';
import { describeServer, describeSuite } from '../reporters/describe.ts';
import { testcaseDetails } from '../reporters/details.ts';
import { factsOf } from '../reporters/facts.ts';
import type { Report } from '../reporters/index.ts';
import { nameWidth, painter, setupFailureLines, summaryLines, verdictLines } from '../reporters/plain-lines.ts';
import { sectionLines } from '../reporters/sections.ts';
import { reportOf, testcaseOf, withRecord } from './recorded.ts';
import type { RunCommand } from './types.ts';

const shortenedLine = ({ file, droppedLines, droppedBytes }: ShortenedLog) => `${droppedLines} lines (${droppedBytes} bytes) of ${file} were left out`;

function runLines(report: Report, folder: string | null, shortened: readonly ShortenedLog[], paint: ReturnType<typeof painter>): string[] {
  const { state, testcases, sections } = report;
  const heading = `${describeSuite(state.suite)} on ${describeServer(state.server)}`;
  const facts = factsOf(state);
  const width = Math.max(...facts.map(({ title }) => title.length));
  const end = summaryLines(state, { heading, folder, paint });
  return [
    ...facts.map(({ title, value }) => `${title.padEnd(width)}  ${value}`),
    '',
    ...(state.setupFailure === null ? [] : setupFailureLines(state.setupFailure, paint)),
    ...testcases
      .filter(({ status }) => status !== 'passed')
      .flatMap((testcase) => [
        ...verdictLines(testcase, { width: nameWidth(state), paint }),
        ...testcase.sections.flatMap((section) => ['', ...sectionLines(section)]),
      ]),
    ...sections.flatMap((section) => ['', ...sectionLines(section)]),
    ...shortened.map(shortenedLine),
    ...(end.length > 0 ? end : ['the run was cut off before its end']),
  ];
}

/** What other runs of the same server, version and suite found: the newest first. */
function historyLines(report: Report, name: string, runs: readonly KeptRun[]): string[] {
  const { runId } = report.state;
  const rows = runs.flatMap(({ runId: id, summary }) => {
    const found = summary !== null && comparable(summary, report.state) ? summary.testcases.find((testcase) => testcase.name === name) : undefined;
    return found === undefined ? [] : [`  ${id}  ${found.verdict}${id === runId ? '  (this run)' : ''}`];
  });
  const summaries = runs.flatMap(({ summary }) => summary ?? []);
  const flaky = findFlaky(summaries).find(
    (entry) => entry.testcase === name && entry.imageId === report.state.imageId && entry.script === scriptOf(report.state.suite),
  );
  const verdict = flaky === undefined ? [] : [`  flaky: it passed ${flaky.passed} and failed ${flaky.failed} times with this image`];
  return rows.length === 0 ? [] : ['', 'in the last runs', ...rows.slice(0, 10), ...verdict];
}

/** A finished run, or one testcase of it. */
export const show: RunCommand = ({ options, switches, words: [word = 'latest', name, more], write, color }) => {
  if (more !== undefined) throw new UserError(`what is '${more}'?`, 'for example: nfstest-tui show latest open');
  const paint = painter(color);
  return withRecord(word, options.runsDir, async (record) => {
    const report = reportOf(record);
    if (name === undefined) {
      const folder = record.isCapsule ? null : relative(process.cwd(), record.dir);
      // Only who wrote the files knows what they lack.
      const shortened = (await readSummary(record.dir))?.shortened ?? [];
      const summary = { ...summarise(report.state), ...(shortened.length === 0 ? {} : { shortened }) };
      write(switches.has('json') ? `${JSON.stringify(summary, null, 2)}\n` : `${runLines(report, folder, shortened, paint).join('\n')}\n`);
      return ExitCode.passed;
    }
    const testcase = testcaseOf(report, name);
    const history = record.isCapsule ? [] : historyLines(report, name, await listRuns(options.runsDir));
    write(switches.has('json') ? `${JSON.stringify(testcase, null, 2)}\n` : `${[...testcaseDetails(testcase, paint), ...history].join('\n')}\n`);
    return ExitCode.passed;
  });
};
