import type { SuiteIdentity } from '../model/events.ts';
import { posixScript, scriptOf } from '../model/suite-script.ts';
import type { RunSummary } from '../model/summary.ts';

/** What was asked of which server: only runs that have all of it in common say something about each other’s testcases. */
export type Question = Pick<RunSummary, 'server' | 'nfsVersion' | 'suite'>;

/** The same suite and script: the names of their testcases mean the same. */
export const sameSuite = (a: SuiteIdentity | null, b: SuiteIdentity | null): boolean => a?.kind === b?.kind && scriptOf(a) === scriptOf(b);

/** The same server by name, NFS version, suite and script. */
export const comparable = (a: Question, b: Question): boolean =>
  a.server?.name === b.server?.name && a.nfsVersion === b.nfsVersion && sameSuite(a.suite, b.suite);

/** Which suite's runs are meant: one script, and one kind where it is known. */
export interface SuiteQuery {
  /** Script of NFStest; left out: nfstest_posix. */
  readonly script?: string;
  /** Left out or null: either. */
  readonly kind?: SuiteIdentity['kind'] | null;
}

/**
 * Runs of one suite alone. Where either kind will do, the one of the newest run counts: the testcases of the two have the same names
 * and are not the same.
 *
 * @param runs newest first.
 */
export function ofSuite<T extends Pick<RunSummary, 'suite'>>(runs: readonly T[], { script = posixScript, kind = null }: SuiteQuery): readonly T[] {
  const ofScript = runs.filter(({ suite }) => scriptOf(suite) === script);
  const wanted = kind ?? ofScript.find(({ suite }) => suite !== null)?.suite?.kind;
  return ofScript.filter(({ suite }) => suite === null || suite.kind === wanted);
}
