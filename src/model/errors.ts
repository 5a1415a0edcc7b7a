import { ExitCode } from './exit-codes.ts';

/**
 * An error whose text is meant for the person at the terminal.
 * `message` says what failed, `hint` what to do next, each in one line.
 */
export abstract class ReportedError extends Error {
  abstract readonly exitCode: ExitCode;
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.hint = hint;
  }
}

/** What was asked for can't be: unknown testcase, bad port, image name that can't be built. */
export class UserError extends ReportedError {
  readonly exitCode = ExitCode.usage;
}

export interface LogExcerpt {
  /** Where the whole log is. */
  readonly path: string;
  /** The last lines, oldest first. */
  readonly lines: readonly string[];
}

export interface EnvironmentErrorOptions extends ErrorOptions {
  readonly exitCode?: ExitCode;
  /** The end of the log that explains the failure. */
  readonly log?: LogExcerpt;
}

/** A tool, the engine, the VM or the network failed. */
export class EnvironmentError extends ReportedError {
  readonly exitCode: ExitCode;
  readonly log: LogExcerpt | undefined;

  constructor(message: string, hint: string, options: EnvironmentErrorOptions = {}) {
    super(message, hint, options);
    this.exitCode = options.exitCode ?? ExitCode.environment;
    this.log = options.log;
  }
}

/** The text of an unknown thrown value, without a stack. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}

/** True for the error that an aborted operation throws. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || (error as NodeJS.ErrnoException).code === 'ABORT_ERR');
}
