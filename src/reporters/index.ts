import { UserError } from '../model/errors.ts';
import { closest } from '../model/suggest.ts';
import { summarise } from '../model/summary.ts';
import { terminalJson } from '../model/terminal-text.ts';
import { githubAnnotations, githubSummary } from './github.ts';
import { html } from './html/index.ts';
import { junit } from './junit.ts';
import { ndjson } from './ndjson.ts';
import { plain } from './plain.ts';
import type { Report } from './report.ts';
import { tap } from './tap.ts';
import type { DocumentReporter, Reporter, ReporterFactory } from './types.ts';

/** Those that print while a run goes on. */
export const reporters = { plain, ndjson } as const satisfies Readonly<Record<string, ReporterFactory>>;

/** Those that write a file about a finished run. */
export const documents = {
  junit: { file: 'junit.xml', render: junit },
  tap: { file: 'report.tap', render: tap },
  json: { file: 'summary.json', render: ({ state }: Report) => `${terminalJson(summarise(state), 2)}\n` },
  ndjson: { file: 'events.ndjson', render: ({ events }: Report) => events.map((event) => `${terminalJson(event)}\n`).join('') },
  github: { file: 'github-summary.md', render: githubSummary, print: githubAnnotations, appendTo: 'GITHUB_STEP_SUMMARY' },
  html: { file: 'report.html', render: html },
} as const satisfies Readonly<Record<string, DocumentReporter>>;

export type DocumentName = keyof typeof documents;
export type ReporterName = 'plain' | DocumentName;
const names: readonly ReporterName[] = ['plain', ...(Object.keys(documents) as DocumentName[])];

/**
 * A list as typed, for example `plain,junit`.
 *
 * @throws UserError for a name that does not exist, and for an empty list.
 */
export function parseReporters(text: string): readonly ReporterName[] {
  const words = text
    .toLowerCase()
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (words.length === 0) throw new UserError('no reporter is named', `use some of ${names.join(', ')}`);
  return [
    ...new Set(
      words.map((word) => {
        const found = names.find((name) => name === word);
        if (found !== undefined) return found;
        const near = closest(word, names);
        throw new UserError(`there is no reporter '${word}'`, near === null ? `use some of ${names.join(', ')}` : `did you mean '${near}'?`);
      }),
    ),
  ];
}

/**
 * Several reporters as one. One that throws is left out from then on and never breaks the run.
 *
 * @param onError is told once per reporter.
 */
export function combineReporters(all: readonly Reporter[], onError: (error: unknown) => void = () => {}): Required<Reporter> {
  const working = new Set(all);
  const each = (call: (reporter: Reporter) => void) => {
    for (const reporter of working) {
      try {
        call(reporter);
      } catch (error) {
        working.delete(reporter);
        onError(error);
      }
    }
  };
  return {
    onEvent: (event) => each((reporter) => reporter.onEvent(event)),
    onLine: (channel, line, lane) => each((reporter) => reporter.onLine?.(channel, line, lane)),
    finish: () => each((reporter) => reporter.finish?.()),
  };
}

export { buildReport, type Report, type ReportInput } from './report.ts';
export type { DocumentReporter, Reporter, ReporterFactory, ReporterOptions } from './types.ts';
