import { join, relative } from 'node:path';
import { appendEvents } from '../history/append-events.ts';
import { lastFailed } from '../history/last-failed.ts';
import { EnvironmentError, messageOf, UserError } from '../model/errors.ts';
import type { RunEvent } from '../model/events.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { posixScript } from '../model/suite-script.ts';
import { parseReporters, type ReporterName, reporters } from '../reporters/index.ts';
import { readEnvironment } from '../steps/environment.ts';
import { runDryRun } from './dry-run.ts';
import { withImageConfig } from './image-config.ts';
import { runLifecycle } from './lifecycle.ts';
import type { RunRequest } from './open-run.ts';
import { openRecord, reportOf } from './recorded.ts';
import { prepareOutput, tellFailures, writeReports } from './report-files.ts';
import { suiteQuery } from './testcases.ts';
import { triageAfter } from './triage-after.ts';
import type { CommandInput } from './types.ts';
import { runVersions } from './versions.ts';

/** What failed the last time, as a selection. */
async function selectLastFailed({ options }: CommandInput, attach: boolean): Promise<CommandInput['options']> {
  if (options.testcases.explicit)
    throw new UserError('testcases are named, and --last-failed names others', 'leave out one of TESTCASE (--testcase) and --last-failed');
  // The environment that runs may be another server's than the settings say.
  const attached = attach ? await readEnvironment(options) : null;
  const serverName = attached?.server?.identity.name ?? options.imageName.value;
  // Of several versions, what failed over any of them.
  const found = await Promise.all(options.nfsVersions.map((nfsVersion) => lastFailed(options.runsDir, { serverName, nfsVersion, ...suiteQuery(options) })));
  const names = found.every((failed) => failed === null) ? null : [...new Set(found.flatMap((failed) => failed ?? []))];
  const script = options.suiteScript === posixScript ? '' : ` with ${options.suiteScript}`;
  const where = `on ${serverName} over NFS ${options.nfsVersions.join(', ')}${script}`;
  if (names === null)
    throw new EnvironmentError(`no run ${where} is kept`, 'run some testcases without --last-failed first', { exitCode: ExitCode.nothingRan });
  if (names.length === 0) throw new EnvironmentError(`nothing failed the last time ${where}`, 'leave out --last-failed', { exitCode: ExitCode.nothingRan });
  return { ...options, testcases: { value: names.join(','), explicit: true } };
}

/** A lifecycle printed as the flags ask for; `--dry-run` only says what it would do. */
export async function run(given: CommandInput, request: Omit<RunRequest, 'options' | 'keep' | 'reporters'>): Promise<ExitCode> {
  const tests = request.goal === 'tests';
  const described: CommandInput = { ...given, options: await withImageConfig(given.options) };
  const input: CommandInput =
    tests && given.switches.has('last-failed') ? { ...described, options: await selectLastFailed(described, request.attach) } : described;
  const { options, switches, write, color } = input;
  const names = tests ? parseReporters(options.reporters) : (['plain'] as const);
  if (switches.has('dry-run')) return runDryRun(input, request);
  if (options.outputDir !== null && names.some((name) => name !== 'plain')) await prepareOutput(options.outputDir);
  const json = switches.has('json');
  const printed = json ? [reporters.ndjson] : names.includes('plain') ? [reporters.plain] : [];
  const open = (folder: string) => printed.map((reporter) => reporter({ write, color, quiet: switches.has('quiet'), folder: relative(process.cwd(), folder) }));
  const folders: string[] = [];
  const common = {
    ...{ options, attach: request.attach },
    // `test` only uses the environment that it finds.
    keep: () => request.attach || switches.has('keep'),
    reporters: (folder: string) => {
      folders.push(folder);
      return open(folder);
    },
  };
  if (!tests) return runLifecycle({ ...request, ...common });
  const several = options.nfsVersions.length > 1;
  const end = several ? await runVersions(common) : { exitCode: await runLifecycle({ ...request, ...common }), grid: null, runs: [] };
  const runs = several ? end.runs : folders.map((folder) => ({ folder, nfsVersion: options.nfsVersion, exitCode: end.exitCode }));
  let { exitCode } = end;
  const tell = (folder: string, events: readonly RunEvent[]) => {
    for (const reporter of open(folder)) for (const event of events) reporter.onEvent?.(event);
  };
  if (end.grid !== null) {
    for (const { folder } of runs) {
      const added = await appendEvents(folder, [end.grid]);
      if (folder === runs.at(-1)?.folder) tell(folder, added);
    }
  }
  if (exitCode < ExitCode.hangup) {
    const say = (line: string) => (json || printed.length === 0 ? undefined : write(`${line}\n`));
    const interrupted = await triageAfter(runs, { options, attached: request.attach, say, tell }).catch((error) => {
      // The verdict stands, whatever comes of this.
      process.stderr.write(`nfstest-tui: the triage failed: ${messageOf(error)}\n`);
      return null;
    });
    exitCode = interrupted ?? exitCode;
  }
  if (several && !json && names.includes('plain')) write(`${verdictOver(options.nfsVersions, exitCode)}\n`);
  for (const { folder, nfsVersion } of runs) {
    // Each version has the same files.
    const outputDir = options.outputDir !== null && several ? join(options.outputDir, `nfs-${nfsVersion}`) : options.outputDir;
    await writeFiles(folder, names, { ...input, options: { ...options, outputDir } });
  }
  return exitCode;
}

const verdictOver = (versions: readonly string[], exitCode: ExitCode): string =>
  `NFS Test ${exitCode === ExitCode.passed ? 'PASSED' : 'FAILED'} over NFS ${versions.join(', ')}`;

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
