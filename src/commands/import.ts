import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { replay } from '../history/read-runs.ts';
import { messageOf, UserError } from '../model/errors.ts';
import type { EventBody, KnownFailuresRead, RunEvent } from '../model/events.ts';
import type { ExitCode } from '../model/exit-codes.ts';
import { emptyRunState, type RunState } from '../model/run-state.ts';
import { summarise } from '../model/summary.ts';
import { outcomeOf } from '../model/verdict.ts';
import { describeSuite } from '../reporters/describe.ts';
import { buildReport, type ReporterName } from '../reporters/index.ts';
import { nameWidth, painter, setupFailureLines, summaryLines, verdictLines } from '../reporters/plain-lines.ts';
import { LineSplitter } from '../stream/split-lines.ts';
import type { SuiteFacts } from '../suite/facts.ts';
import { SuiteParser } from '../suite/parser.ts';
import { writeReports } from './report-files.ts';

export interface ImportRequest {
  /** Path of a log of nfstest_posix; `-` is standard input. */
  readonly file: string;
  /** Prints a `RunSummary` as JSON. */
  readonly json: boolean;
  readonly color?: boolean;
  /** Reports that go into files; none where left out. */
  readonly reporters?: readonly ReporterName[];
  /** Where the files go; the current folder where left out. */
  readonly outputDir?: string;
  /** Failures that are expected. */
  readonly known?: KnownFailuresRead | null;
  /** What was selected; left out: what the log says. */
  readonly testcases?: readonly string[];
}

export interface ImportIo {
  readonly write: (text: string) => void;
  readonly readStdin?: () => AsyncIterable<Uint8Array | string>;
}

const hint = 'give it what nfstest_posix printed: `nfstest_posix … | tee nfstest.log`';

interface ParsedLog {
  readonly bodies: readonly EventBody[];
  readonly facts: SuiteFacts;
  readonly empty: boolean;
  readonly recognised: boolean;
  readonly lines: readonly string[];
}

async function parse(chunks: AsyncIterable<Uint8Array | string>, testcases: readonly string[]): Promise<ParsedLog> {
  const parser = new SuiteParser({ testcases });
  const splitter = new LineSplitter();
  const bodies: EventBody[] = [];
  const all: string[] = [];
  const take = (lines: readonly string[]) => {
    for (const line of lines) bodies.push(...parser.push(line));
    all.push(...lines);
  };
  let empty = true;
  for await (const chunk of chunks) {
    if (chunk.length > 0) empty = false;
    take(splitter.push(chunk));
  }
  take(splitter.end());
  // A log does not carry the exit code; the suite's is 1 when its totals count a failure.
  const { printedTotals, facts, recognised } = parser;
  const exitCode = printedTotals === null ? null : Number(printedTotals.failed > 0);
  bodies.push(...parser.end({ exitCode, durationMs: facts.totalMs ?? 0 }));
  return { bodies, facts, empty, recognised, lines: all };
}

/** A log carries no times of this program's. */
const stamped = ({ bodies }: ParsedLog, name: string): readonly RunEvent[] => bodies.map((body) => ({ ...body, runId: name, lane: 0, time: '', atMs: 0 }));

/** The state of the run that a log tells of; without server, for a log does not say which one it was. */
function stateOf(log: ParsedLog, name: string, known: KnownFailuresRead | null): RunState {
  const { facts } = log;
  const told: RunState = {
    ...emptyRunState,
    nfsVersion: facts.nfsVersion,
    suite: { kind: facts.suiteKind, version: facts.suiteVersion, source: name },
    clientKernel: /^Linux \S+ (\S+)/.exec(facts.client ?? '')?.[1] ?? null,
    suiteCommand: facts.command,
  };
  const stamp = { runId: name, lane: 0, time: '', atMs: 0 };
  const state = replay([...(known === null ? [] : [{ ...known, ...stamp }]), ...stamped(log, name)], told);
  return { ...state, result: { ...outcomeOf(state), durationMs: facts.totalMs ?? 0 } };
}

function print(state: RunState, { bodies, facts }: ParsedLog, { color = false }: ImportRequest): string[] {
  const paint = painter(color);
  const width = nameWidth(state);
  const remarks = bodies.flatMap((body) => (body.type === 'remark.reported' && body.level !== 'info' ? [body] : []));
  const details = [
    `NFS ${facts.nfsVersion ?? 'version unknown'}`,
    ...(facts.server === null ? [] : [`server ${facts.server}`]),
    ...(state.clientKernel === null ? [] : [`client Linux ${state.clientKernel}`]),
  ];
  return [
    ...(state.setupFailure === null
      ? state.testcases.flatMap((testcase) => verdictLines(testcase, { width, paint }))
      : setupFailureLines(state.setupFailure, paint)),
    ...remarks.map(({ level, testcase, message }) => paint('yellow', `${level}: ${testcase === null ? '' : `${testcase}: `}${message}`)),
    ...summaryLines(state, { heading: `${describeSuite(state.suite)}, ${details.join(', ')}`, folder: null, paint }),
  ];
}

/**
 * Reads a log of nfstest_posix from anywhere and prints what came of it, as a run of this program does.
 *
 * @returns the exit code that the run would have had.
 * @throws UserError when there is no such file or nothing of NFStest in it.
 */
export async function importLog(request: ImportRequest, { write, readStdin = () => process.stdin }: ImportIo): Promise<ExitCode> {
  const { file, json, testcases = [], reporters = [], known = null } = request;
  const name = file === '-' ? 'standard input' : file;
  let log: ParsedLog;
  try {
    log = await parse(file === '-' ? readStdin() : createReadStream(file), testcases);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UserError(missing ? `there is no file ${file}` : `${name} can’t be read: ${messageOf(error)}`, hint, { cause: error });
  }
  if (log.empty) throw new UserError(`${name} is empty`, hint);
  if (!log.recognised) throw new UserError(`no NFStest output found in ${name}`, hint);

  const shortName = file === '-' ? 'stdin' : basename(file);
  const state = stateOf(log, shortName, known);
  const outcome = outcomeOf(state);
  write(json ? `${JSON.stringify({ ...summarise(state), runId: null }, null, 2)}\n` : `${print(state, log, request).join('\n').trimStart()}\n`);
  if (reporters.length > 0) {
    const report = buildReport({ events: stamped(log, shortName), state, logs: { suite: log.lines } });
    const [failure] = await writeReports(report, { names: reporters, folder: request.outputDir ?? process.cwd(), write: json ? () => {} : write });
    if (failure) throw failure;
  }
  return outcome.exitCode;
}
