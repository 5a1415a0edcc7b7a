import { UserError } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { parseReporters, reporters } from '../reporters/index.ts';
import { reportOf, withRecord } from './recorded.ts';
import { prepareOutput, writeReports } from './report-files.ts';
import type { RunCommand } from './types.ts';

/** Makes reports of a run that is over. */
export const report: RunCommand = ({ options, words: [word = 'latest', more], write, color }) => {
  if (more !== undefined) throw new UserError(`what is '${more}'?`, 'for example: nfstest-tui report latest --reporter junit,html');
  const names = parseReporters(options.reporters);
  return withRecord(word, options.runsDir, async (record) => {
    if (names.includes('plain')) {
      const reporter = reporters.plain({ write, color });
      for (const event of record.events) reporter.onEvent(event);
      reporter.finish?.();
    }
    // A capsule's own folder is gone afterwards.
    const folder = options.outputDir ?? (record.isCapsule ? process.cwd() : record.dir);
    if (names.some((name) => name !== 'plain')) await prepareOutput(folder);
    const [failure] = await writeReports(reportOf(record), { names, folder, recording: record.dir, write });
    if (failure) throw failure;
    return ExitCode.passed;
  });
};
