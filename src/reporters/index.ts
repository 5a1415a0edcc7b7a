import { ndjson } from './ndjson.ts';
import { plain } from './plain.ts';
import type { Reporter, ReporterFactory } from './types.ts';

/** Every reporter by its name. */
export const reporters = { plain, ndjson } as const satisfies Readonly<Record<string, ReporterFactory>>;
export type ReporterName = keyof typeof reporters;

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
    onLine: (channel, line) => each((reporter) => reporter.onLine?.(channel, line)),
    finish: () => each((reporter) => reporter.finish?.()),
  };
}

export type { Reporter, ReporterFactory, ReporterOptions } from './types.ts';
