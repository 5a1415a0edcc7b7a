import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { eventsFile } from '../history/run-folder.ts';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import { type DocumentName, type DocumentReporter, documents, type Report, type ReporterName } from '../reporters/index.ts';

export interface ReportFilesOptions {
  readonly names: readonly ReporterName[];
  readonly folder: string;
  /** The folder of the recording, whose own events are never written over. */
  readonly recording?: string;
  /** For what reporters print besides their file, and for the files' paths. */
  readonly write: (text: string) => void;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const titleWidth = 13;

/** Makes the folder that files shall go into, so that trouble shows before a run and not after it. */
export async function prepareOutput(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new EnvironmentError(`reports can’t go into ${folder}: ${messageOf(error)}`, 'name another folder with --output-dir', { cause: error });
  }
}

/**
 * Writes the reports that have files, and says where they are. One that fails does not keep the others from being written.
 *
 * @returns what failed, for the caller to tell.
 */
export async function writeReports(
  report: Report,
  { names, folder, recording, write, environment = process.env }: ReportFilesOptions,
): Promise<readonly EnvironmentError[]> {
  const failures: EnvironmentError[] = [];
  const chosen = names.filter((name): name is DocumentName => name !== 'plain');
  for (const name of chosen) {
    const reporter: DocumentReporter = documents[name];
    const path = join(folder, reporter.file);
    try {
      await mkdir(folder, { recursive: true });
      const text = reporter.render(report);
      if (reporter.file !== eventsFile || folder !== recording) await writeFile(path, text);
      const more = reporter.appendTo === undefined ? undefined : environment[reporter.appendTo];
      if (more) await appendFile(more, text);
      if (reporter.print) write(reporter.print(report));
      write(`${name.padEnd(titleWidth)}${relative(process.cwd(), path)}\n`);
    } catch (error) {
      failures.push(
        new EnvironmentError(`the ${name} report ${path} can’t be written: ${messageOf(error)}`, 'name another folder with --output-dir', { cause: error }),
      );
    }
  }
  return failures;
}

/** Tells of reports that could not be written, on standard error: the run's verdict stands. */
export function tellFailures(failures: readonly EnvironmentError[]): void {
  for (const { message, hint } of failures) process.stderr.write(`nfstest-tui: ${message}\n  → ${hint}\n`);
}
