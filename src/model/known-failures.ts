import type { KnownFailure, SuiteIdentity } from './events.ts';
import { inRanges } from './version-range.ts';

/** Under what circumstances a run takes place. */
export interface Circumstances {
  readonly nfsVersion: string | null;
  readonly clientKernel: string | null;
  readonly suiteKind: SuiteIdentity['kind'] | null;
}

/** One expected failure and what the run has shown of it so far. */
export interface KnownFailureState extends KnownFailure {
  /** It has failed in this run, as expected. */
  readonly seen: boolean;
  /** An assertion that matches has passed; for one without message, the whole testcase. */
  readonly passed: boolean;
}

/** The expected failures of a run. */
export interface KnownFailures {
  readonly source: string;
  readonly strict: boolean;
  readonly entries: readonly KnownFailureState[];
}

export const holdsFor = (entry: KnownFailure, { nfsVersion, clientKernel, suiteKind }: Circumstances): boolean =>
  inRanges(nfsVersion, entry.nfs) && inRanges(clientKernel, entry.kernel) && (entry.suite === null || suiteKind === null || entry.suite === suiteKind);

/** Whether a text has the shape of a pattern, in which `*` stands for any text; the whole text must match. */
export function matchesPattern(text: string, pattern: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('[^]*');
  return new RegExp(`^${source}$`).test(text);
}

/** Suites put counts of subtests at a message's end; they differ from run to run. */
const withoutCounts = (message: string): string => message.replace(/\s*\(\d+ passed(, \d+ failed)?\)$/, '');

const matches = (entry: KnownFailure, testcase: string, message: string): boolean =>
  entry.testcase === testcase && (entry.message === null || matchesPattern(withoutCounts(message), entry.message));

/** Takes note of an assertion; @returns the next state, and the entry that explains the assertion where it failed and is known. */
export function noteAssertion(
  known: KnownFailures,
  circumstances: Circumstances,
  assertion: { readonly testcase: string; readonly verdict: 'passed' | 'failed'; readonly message: string },
): { readonly known: KnownFailures; readonly entry: KnownFailure | null } {
  const { testcase, verdict, message } = assertion;
  const relevant = known.entries.filter((entry) => matches(entry, testcase, message) && holdsFor(entry, circumstances));
  if (verdict === 'failed') {
    const [entry = null] = relevant;
    return { known: mark(known, entry === null ? [] : [entry], { seen: true }), entry };
  }
  const passed = relevant.filter((entry) => entry.message !== null);
  return { known: mark(known, passed, { passed: true }), entry: null };
}

/** Takes note of a testcase that passed: what was expected of it as a whole has not come. */
export function notePassed(known: KnownFailures, circumstances: Circumstances, testcase: string): KnownFailures {
  const passed = known.entries.filter((entry) => entry.testcase === testcase && entry.message === null && holdsFor(entry, circumstances));
  return mark(known, passed, { passed: true });
}

function mark(known: KnownFailures, entries: readonly KnownFailureState[], change: Partial<KnownFailureState>): KnownFailures {
  if (entries.length === 0) return known;
  return { ...known, entries: known.entries.map((entry) => (entries.includes(entry) ? { ...entry, ...change } : entry)) };
}

/** Expected failures that pass now: their entries are to be removed. */
export const staleEntries = (known: KnownFailures | null): readonly KnownFailureState[] =>
  known === null ? [] : known.entries.filter(({ seen, passed }) => passed && !seen);

/** `open: open - opening existent file should …`: one entry, for people. */
export const describeEntry = ({ testcase, message }: KnownFailure): string =>
  message === null ? `${testcase} (the whole testcase)` : `${testcase}: ${message}`;

/** What the suite's files are called holds the time; an entry has to hold tomorrow. */
const stable = (message: string): string => withoutCounts(message).replaceAll(/nfstest_posix_\d+_\d+_\w+/g, 'nfstest_posix_*');

/** `6.1.0-56-cloud-amd64` to `6.1`. */
const kernelSeries = (kernel: string): string => /^\d+\.\d+/.exec(kernel)?.[0] ?? kernel;

/** Entries that explain these failures of a testcase from now on, under the same circumstances; one per message. */
export function entriesFor(
  testcase: string,
  messages: readonly string[],
  reason: string,
  { nfsVersion, clientKernel, suiteKind }: Circumstances,
): readonly KnownFailure[] {
  return [...new Set(messages.map(stable))].map((message) => ({
    testcase,
    message,
    reason,
    nfs: nfsVersion === null ? [] : [nfsVersion],
    kernel: clientKernel === null ? [] : [kernelSeries(clientKernel)],
    suite: suiteKind,
  }));
}
