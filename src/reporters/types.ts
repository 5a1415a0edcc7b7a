import type { LogChannel, RunEvent } from '../model/events.ts';
import type { Report } from './report.ts';

/**
 * Shows a run, or a part of it, as text. It keeps its own picture of the run (`reduce`) and is given
 * every event and every log line in order.
 */
export interface Reporter {
  onEvent(event: RunEvent): void;
  onLine?(channel: LogChannel, line: string, lane?: number): void;
  /** After the last event; a reporter that writes one document writes it here. */
  finish?(): void;
}

export interface ReporterOptions {
  /** Where the text goes; whole lines with their ends. */
  readonly write: (text: string) => void;
  /** Colours as an addition; nothing is said by colour alone. */
  readonly color?: boolean;
  /** Leaves out the log lines. */
  readonly quiet?: boolean;
  /** The run's folder as it shall be shown; null where nothing is kept. */
  readonly folder?: string | null;
}

export type ReporterFactory = (options: ReporterOptions) => Reporter;

/** Writes one document about a finished run. */
export interface DocumentReporter {
  /** Name of its file in the output folder. */
  readonly file: string;
  readonly render: (report: Report) => string;
  /** What goes to the terminal besides. */
  readonly print?: (report: Report) => string;
  /** Environment variable that names a file to which the document is added as well. */
  readonly appendTo?: string;
}
