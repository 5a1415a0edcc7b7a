import { appendFile, readFile } from 'node:fs/promises';
import { parse, stringify, TomlError } from 'smol-toml';
import { EnvironmentError, messageOf, UserError } from '../model/errors.ts';
import type { KnownFailure } from '../model/events.ts';
import { closest } from '../model/suggest.ts';
import { isVersionRange } from '../model/version-range.ts';
import { asset } from './paths.ts';

/** Where the expected failures of a run are written down. */
export interface KnownFailuresFile {
  readonly path: string;
  /** It was asked for, and so has to be there. */
  readonly explicit: boolean;
}

/**
 * @param setting KNOWN_FAILURES: a file, `none`, or empty for the one of the server's recipe.
 * @returns null where none are expected.
 */
export function knownFailuresFile(setting: string, serverName: string): KnownFailuresFile | null {
  if (setting === 'none') return null;
  if (setting !== '') return { path: setting, explicit: true };
  return { path: asset('known-failures', `${serverName.replaceAll(/[^\w.-]/g, '-')}.toml`), explicit: false };
}

const fields = ['testcase', 'message', 'reason', 'nfs', 'kernel', 'suite'];
const head = /^\s*\[\[\s*failure\s*\]\]/;

/** 1-based lines on which the entries begin, in order. */
const headLines = (text: string): readonly number[] => text.split('\n').flatMap((line, index) => (head.test(line) ? [index + 1] : []));

/** The line of a field of the entry that begins on `from`; that line itself where the field is not found. */
function lineOf(text: string, from: number, field: string): number {
  const lines = text.split('\n');
  for (let index = from; index < lines.length && !head.test(lines[index] ?? ''); index++) {
    if (new RegExp(String.raw`^\s*"?${field}"?\s*=`).test(lines[index] ?? '')) return index + 1;
  }
  return from;
}

type Refuse = (field: string, message: string, hint: string) => UserError;

function text(entry: Readonly<Record<string, unknown>>, field: string, refuse: Refuse): string {
  const value = entry[field];
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  throw refuse(field, value === undefined ? `'${field}' is missing` : `'${field}' is no text, or an empty one`, `write ${field} = "…"`);
}

function ranges(entry: Readonly<Record<string, unknown>>, field: string, refuse: Refuse): readonly string[] {
  const value = entry[field];
  const list: readonly unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value];
  return list.map((range) => {
    if (typeof range === 'string' && isVersionRange(range)) return range.trim();
    throw refuse(field, `'${field}' has no range of versions in ${JSON.stringify(range)}`, `write for example ${field} = ">=4.0" or ${field} = ["3", "4.1"]`);
  });
}

function readEntry(entry: Readonly<Record<string, unknown>>, refuse: Refuse): KnownFailure {
  const unknown = Object.keys(entry).find((field) => !fields.includes(field));
  if (unknown !== undefined) {
    const near = closest(unknown, fields);
    throw refuse(unknown, `there is no field '${unknown}'`, near === null ? `the fields are ${fields.join(', ')}` : `did you mean '${near}'?`);
  }
  const suite = entry.suite === undefined ? null : text(entry, 'suite', refuse);
  if (suite !== null && suite !== 'nfstest' && suite !== 'bundled') throw refuse('suite', `'${suite}' is no suite`, 'use nfstest or bundled, or leave it out');
  return {
    testcase: text(entry, 'testcase', refuse),
    message: entry.message === undefined ? null : text(entry, 'message', refuse),
    reason: text(entry, 'reason', refuse),
    nfs: ranges(entry, 'nfs', refuse),
    kernel: ranges(entry, 'kernel', refuse),
    suite,
  };
}

/**
 * Reads the text of a file of known failures.
 *
 * @throws UserError that names file and line.
 */
export function parseKnownFailures(content: string, path: string): readonly KnownFailure[] {
  let document: Readonly<Record<string, unknown>>;
  try {
    document = parse(content);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
    throw new UserError(`${path}:${error.line}: ${what}`, 'mend that line; the format is TOML (toml.io)', { cause: error });
  }
  const other = Object.keys(document).find((key) => key !== 'failure');
  if (other !== undefined) throw new UserError(`${path}:${lineOf(content, 0, other)}: there is no '${other}' here`, 'each entry begins with [[failure]]');
  const { failure = [] } = document;
  if (!Array.isArray(failure)) throw new UserError(`${path}: 'failure' is no list`, 'begin each entry with [[failure]]');
  const lines = headLines(content);
  return failure.map((entry: unknown, index) => {
    const from = lines[index] ?? 1;
    const refuse: Refuse = (field, message, hint) => new UserError(`${path}:${lineOf(content, from, field)}: ${message}`, hint);
    return readEntry(entry as Readonly<Record<string, unknown>>, refuse);
  });
}

/**
 * The expected failures of a file; none where a recipe has no such file.
 *
 * @throws UserError where a file that was asked for is missing, or something in it is wrong.
 */
export async function readKnownFailures({ path, explicit }: KnownFailuresFile): Promise<readonly KnownFailure[]> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    if (!explicit && (error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new UserError(`the known failures in ${path} can’t be read: ${messageOf(error)}`, 'name another file with --known-failures, or none', {
      cause: error,
    });
  }
  return parseKnownFailures(content, path);
}

/** One entry as TOML, with a blank line before it; fields that hold everywhere are left out. */
export function formatKnownFailure({ testcase, message, reason, nfs, kernel, suite }: KnownFailure): string {
  const entry = {
    testcase,
    ...(message === null ? {} : { message }),
    reason,
    ...(nfs.length === 0 ? {} : { nfs: [...nfs] }),
    ...(kernel.length === 0 ? {} : { kernel: [...kernel] }),
    ...(suite === null ? {} : { suite }),
  };
  return `\n${stringify({ failure: [entry] }).trim()}\n`;
}

/**
 * Adds an entry at the end of a file, which is made where it is missing; what is in it stays as it is.
 *
 * @throws UserError where the file is not sound already, EnvironmentError where it can't be written.
 */
export async function addKnownFailure(path: string, failure: KnownFailure): Promise<void> {
  const before = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new EnvironmentError(`${path} can’t be read: ${error.message}`, 'name another file with --known-failures', { cause: error });
  });
  if (before !== null) parseKnownFailures(before, path);
  const gap = before === null || before === '' || before.endsWith('\n') ? '' : '\n';
  try {
    await appendFile(path, gap + formatKnownFailure(failure));
  } catch (error) {
    throw new EnvironmentError(`${path} can’t be written: ${messageOf(error)}`, 'name another file with --known-failures', { cause: error });
  }
}
