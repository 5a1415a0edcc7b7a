import type { TestcaseState } from '../model/run-state.ts';
import { isMissing, telling } from './telling-calls.ts';
import { commonFolder } from './wire-paths.ts';

/** What a reader of a failed testcase wants to know first. */
export interface Answer {
  /** Whose fault it is; null where it was not run again elsewhere. */
  readonly blame: string | null;
  /** Why, in one line. */
  readonly reason: string | null;
  /** Calls that were answered with an error before failures, one of a kind: `RENAME f001 → f002/new  NFS3ERR_IO (7 answers with this status)`. */
  readonly calls: readonly string[];
}

const mostCalls = 3;

function callsOf({ traffic }: Pick<TestcaseState, 'traffic'>): string[] {
  if (!traffic) return [];
  const kinds = new Map<string, string>();
  for (const found of telling(traffic)) {
    const { call, object, status } = found;
    const kind = `${call} ${status}`;
    if (kinds.has(kind)) continue;
    const folder = commonFolder([found]);
    const count = traffic.totals?.errors.find((error) => error.status === status)?.count ?? 1;
    // Counted over all calls of the testcase. A name that is not there is answered so a hundred times, and rightly.
    const all = count > 1 && !isMissing(found) ? ` (${count} answers with this status)` : '';
    kinds.set(kind, `${call} ${folder === '' ? object : object.replaceAll(folder, '')}  ${status}${all}`);
  }
  return [...kinds.values()].slice(0, mostCalls);
}

/** The last call with an error before one failed assertion, as text; null where there was none, or it is not known. */
export function callBefore({ traffic }: Pick<TestcaseState, 'traffic'>, failure: number): string | null {
  const [found] = telling({ windows: traffic?.windows.filter((window) => window.failure === failure) ?? [] });
  return found === undefined ? null : `${found.call} ${found.object}  ${found.status}`;
}

/** The answer for a testcase that failed unexpectedly; for any other there is nothing to say. */
export function answerOf(testcase: Pick<TestcaseState, 'status' | 'traffic' | 'triage'>): Answer {
  const { status, triage } = testcase;
  if (status !== 'failed') return { blame: triage?.blame ?? null, reason: triage?.reason ?? null, calls: [] };
  return { blame: triage?.blame ?? null, reason: triage?.reason ?? null, calls: callsOf(testcase) };
}

/** `fault    server: …` and `call     RENAME …`. */
export function answerLines(testcase: Parameters<typeof answerOf>[0]): string[] {
  const { blame, reason, calls } = answerOf(testcase);
  return [...(blame === null ? [] : [`fault    ${blame}: ${reason}`]), ...calls.map((call) => `call     ${call}`)];
}
