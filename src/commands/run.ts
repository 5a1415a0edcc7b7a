import { relative } from 'node:path';
import { lastFailed } from '../history/last-failed.ts';
import { EnvironmentError, UserError } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { parseReporters, type ReporterName, reporters } from '../reporters/index.ts';
import { readEnvironment } from '../steps/environment.ts';
import { runDryRun } from './dry-run.ts';
import { runLifecycle } from './lifecycle.ts';
import type { RunRequest } from './open-run.ts';
import { openRecord, reportOf } from './recorded.ts';
import { prepareOutput, tellFailures, writeReports } from './report-files.ts';
import type { CommandInput } from './types.ts';

/** What failed the last time, as a selection. */
async function selectLastFailed({ options }: CommandInput, attach: boolean): Promise<CommandInput['options']> {
  if (options.testcases.explicit)
    throw new UserError('testcases are named, and --last-failed names others', 'leave out one of TESTCASE (--testcase) and --last-failed');
  // The environment that runs may be another server's than the settings say.
  const attached = attach ? await readEnvironment(options) : null;
  const serverName = attached?.server?.identity.name ?? options.imageName.value;
  const names = await lastFailed(options.runsDir, { serverName, nfsVersion: options.nfsVersion });
  const where = `on ${serverName} over NFS ${options.nfsVersion}`;
  if (names === null)
    throw new EnvironmentError(`no run ${where} is kept`, 'run some testcases without --last-failed first', { exitCode: ExitCode.nothingRan });
  if (names.length === 0) throw new EnvironmentError(`nothing failed the last time ${where}`, 'leave out --last-failed', { exitCode: ExitCode.nothingRan });
  return { ...options, testcases: { value: names.join(','), explicit: true } };
}

/** A lifecycle printed as the flags ask for; `--dry-run` only says what it would do. */
export async function run(given: CommandInput, request: Omit<RunRequest, 'options' | 'keep' | 'reporters'>): Promise<ExitCode> {
  const tests = request.goal === 'tests';
  const input: CommandInput = tests && given.switches.has('last-failed') ? { ...given, options: await selectLastFailed(given, request.attach) } : given;
  const { options, switches, write, color } = input;
  const names = tests ? parseReporters(options.reporters) : (['plain'] as const);
  if (switches.has('dry-run')) return runDryRun(input, request);
  if (options.outputDir !== null && names.some((name) => name !== 'plain')) await prepareOutput(options.outputDir);
  const json = switches.has('json');
  const printed = json ? [reporters.ndjson] : names.includes('plain') ? [reporters.plain] : [];
  let runFolder: string | null = null;
  const exitCode = await runLifecycle({
    ...request,
    options,
    strict: switches.has('strict'),
    // `test` only uses the environment that it finds.
    keep: () => request.attach || switches.has('keep'),
    reporters: (folder) => {
      runFolder = folder;
      return printed.map((reporter) => reporter({ write, color, quiet: switches.has('quiet'), folder: relative(process.cwd(), folder) }));
    },
  });
  if (tests && runFolder !== null) await writeFiles(runFolder, names, input);
  return exitCode;
}

/** Reports are made of what was kept, as `report` makes them later. */
async function writeFiles(runFolder: string, names: readonly ReporterName[], { options, switches, write }: CommandInput): Promise<void> {
  if (names.every((name) => name === 'plain')) return;
  try {
    const report = reportOf(await openRecord(runFolder));
    // With --json standard output is for events alone.
    const say = switches.has('json') ? (text: string) => void process.stderr.write(text) : write;
    tellFailures(await writeReports(report, { names, folder: options.outputDir ?? runFolder, recording: runFolder, write: say }));
  } catch (error) {
    tellFailures([
      error instanceof EnvironmentError
        ? error
        : new EnvironmentError(`the reports can’t be made: ${String(error)}`, 'try again with `nfstest-tui report latest`'),
    ]);
  }
}
