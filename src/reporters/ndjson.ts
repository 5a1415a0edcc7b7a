import type { ReporterFactory } from './types.ts';

/** One JSON object (a `RunEvent`) per line, as in a run's events.ndjson. */
export const ndjson: ReporterFactory = ({ write }) => ({
  onEvent(event) {
    write(`${JSON.stringify(event)}\n`);
  },
});
