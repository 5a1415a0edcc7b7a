import type { Blame, TriageFinished, TriageResult } from './events.ts';
import { stable } from './known-failures.ts';

export interface TriageInput {
  readonly testcase: string;
  /** Messages of the assertions that failed in the run itself, without those that are expected. */
  readonly failures: readonly string[];
  readonly results: readonly TriageResult[];
}

const either = (titles: readonly string[]): string => titles.join(' or ');
const list = (titles: readonly string[]): string => titles.join(' and ');
const count = (messages: readonly unknown[]): string => (messages.length === 1 ? 'the assertion' : `${messages.length} assertions`);

/** Messages that the two have in common, whatever the suite's files are called. */
function common(messages: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others.map(stable));
  return messages.filter((message) => known.has(stable(message)));
}

function judge({ failures, results }: TriageInput): { readonly blame: Blame; readonly reason: string } {
  const own = results.find(({ where }) => where === 'own');
  if (own === undefined || own.verdict === 'not-run') {
    return { blame: 'unclear', reason: `it could not be run again on the same server: ${own?.reason ?? 'it was not started'}` };
  }
  if (own.verdict === 'passed') return { blame: 'flaky or environment', reason: `it passed on ${own.title} when it was run again` };
  const again = common(failures, own.failures);
  if (again.length === 0) return { blame: 'flaky or environment', reason: `it failed again on ${own.title}, but not with the same assertions` };

  const others = results.filter(({ where, verdict }) => where !== 'own' && verdict !== 'not-run');
  const elsewhere = (message: string) => others.filter((other) => common([message], other.failures).length > 0);
  const alone = again.filter((message) => elsewhere(message).length === 0);
  if (alone.length === 0) {
    const places = others.filter((other) => common(again, other.failures).length > 0).map(({ title }) => title);
    return { blame: 'client or suite', reason: `${count(again)} failed on ${list(places)} too` };
  }
  const missing = results.filter(({ where, verdict }) => where !== 'own' && verdict === 'not-run');
  const servers = others.filter(({ where }) => where === 'reference');
  // Where another server was tried, it has the same client and suite; where none could be, the local disk has to do.
  const tried = results.some(({ where }) => where === 'reference') ? servers : others;
  if (tried.length === 0) {
    return {
      blame: 'unclear',
      reason: `it failed again on ${own.title}, and could not be run on ${list(missing.map(({ title }) => title)) || 'anything else'}`,
    };
  }
  const shared = again.length - alone.length;
  const also = shared === 0 ? '' : `; ${shared} of ${again.length} failed elsewhere too`;
  const noReference = servers.length === 0 ? '; no other NFS server was tried, so the NFS client is not ruled out' : '';
  return {
    blame: 'server',
    reason: `${count(alone)} failed again on ${own.title}, and not on ${either(others.map(({ title }) => title))}${also}${noReference}`,
  };
}

/**
 * Whose fault a failed testcase is, from running it again.
 * - passed on the same server: *flaky or environment*; so is what fails with other assertions every time.
 * - each assertion that failed again also fails on the reference server or the client's own disk: *client or suite*.
 * - an assertion failed again, and elsewhere did not: *server*.
 * - what decides could not be run: *unclear*.
 */
export const triage = (input: TriageInput): TriageFinished => ({ type: 'triage.finished', ...input, ...judge(input) });
