import type { TriageFinished, TriageResult } from '../model/events.ts';
import { stable } from '../model/known-failures.ts';
import type { Section } from './sections.ts';

const columnTitles: Readonly<Record<TriageResult['where'], string>> = { own: 'again', reference: 'reference', local: 'local disk' };

/** Messages with a path in them would push the verdicts off the screen; the failed assertions stand in full elsewhere. */
const maxMessage = 80;

const short = (message: string): string => (message.length > maxMessage ? `${message.slice(0, maxMessage - 1)}…` : message);

function cell(message: string, { verdict, failures, reason }: TriageResult): string {
  if (verdict === 'not-run') return `not run${reason === null ? '' : ` (${reason})`}`;
  if (failures.some((other) => stable(other) === stable(message))) return 'failed';
  // A testcase that failed with something else may not have come as far.
  return verdict === 'passed' ? 'passed' : 'not failed';
}

/** Whose fault it is, with the results side by side: what each assertion that failed came to when it was run again. */
export function triageSections({ blame, reason, failures, results }: TriageFinished): readonly Section[] {
  const others = results.flatMap(({ failures: theirs }) => theirs);
  const known = new Set(failures.map(stable));
  // What fails elsewhere alone belongs to the picture.
  const messages = [...failures, ...new Map(others.filter((message) => !known.has(stable(message))).map((message) => [stable(message), message])).values()];
  const columns = ['assertion', 'this run', ...results.map(({ where, title }) => (where === 'local' ? title : `${columnTitles[where]} on ${title}`))];
  const rows = messages.map((message, index) => [
    short(message),
    index < failures.length ? 'failed' : 'not failed',
    ...results.map((result) => cell(message, result)),
  ]);
  return [
    { title: `Triage: ${blame}`, body: { kind: 'lines', lines: [reason] } },
    { title: 'Run again', body: { kind: 'table', columns, rows } },
  ];
}

const shown = 3;

const few = (messages: readonly string[]): string =>
  messages.slice(0, shown).join('; ') + (messages.length > shown ? ` and ${messages.length - shown} more` : '');

/** The same for a terminal: one line for each place. */
export function triageLines({ testcase, blame, reason, results }: TriageFinished): readonly string[] {
  return [
    `triage     ${testcase}: ${blame}`,
    `           ${reason}`,
    ...results.map(({ where, title, verdict, failures, reason: why }) => {
      const place = where === 'local' ? title : `${columnTitles[where]} on ${title}`;
      const found = verdict === 'not-run' ? `not run: ${why ?? 'unknown'}` : verdict === 'failed' ? `failed: ${few(failures)}` : verdict;
      return `           ${place}: ${found}`;
    }),
  ];
}
