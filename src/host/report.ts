import type { HostFacts } from './inspect.ts';

/** One line of `doctor`. */
export interface Check {
  readonly id: string;
  readonly title: string;
  /** `warning`: the main job runs, but slower or differently; `missing`: it can't run. */
  readonly status: 'ok' | 'warning' | 'missing';
  /** One line. */
  readonly detail: string;
  /** What to do, in one line; null where nothing is to be done. */
  readonly fix: string | null;
}

export interface Report {
  /** False where the main job can't run. */
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly facts: HostFacts;
}

/** What `doctor --json` prints. */
export interface ReportJson {
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

export const reportToJson = ({ ok, checks }: Report): ReportJson => ({ ok, checks });

const words = { ok: 'ok', warning: 'warning', missing: 'MISSING' } as const;
const colours = { ok: '32', warning: '33', missing: '31' } as const;

/** The report as text, a line per check and one below it for the fix; the status is a word, so colour is only help. */
export function renderReport(report: Pick<Report, 'ok' | 'checks'>, { color }: { readonly color: boolean }): string {
  const paint = (code: string, text: string) => (color ? `\u001B[${code}m${text}\u001B[0m` : text);
  const titleWidth = Math.max(...report.checks.map((check) => check.title.length), 0);
  const lines = report.checks.flatMap(({ title, status, detail, fix }) => [
    `${paint(colours[status], words[status].padEnd(7))}  ${title.padEnd(titleWidth)}  ${detail}`,
    ...(fix === null ? [] : [`${' '.repeat(9 + titleWidth)}  -> ${fix}`]),
  ]);
  const missing = report.checks.filter((check) => check.status === 'missing').length;
  const warnings = report.checks.filter((check) => check.status === 'warning').length;
  const remarks = warnings === 0 ? '' : ` (${warnings} warning${warnings === 1 ? '' : 's'})`;
  const verdict = report.ok
    ? `Ready to run${remarks}.`
    : `Not ready: ${missing} ${missing === 1 ? 'thing is' : 'things are'} missing${remarks}. Most of it: nfstest-tui setup`;
  return `${[...lines, '', verdict].join('\n')}\n`;
}
