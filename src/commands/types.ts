import type { Options } from '../config/options.ts';
import type { ExitCode } from '../model/exit-codes.ts';

/** What a command gets. */
export interface CommandInput {
  /** Validated when asked for: throws UserError where a setting is wrong. */
  readonly options: Options;
  /** One setting by its key as it was typed, not checked. */
  readonly setting: (key: string) => string;
  readonly switches: ReadonlySet<string>;
  /** Words after the command's name. */
  readonly words: readonly string[];
  readonly write: (text: string) => void;
  readonly isTerminal: boolean;
  /** Colours are wanted. */
  readonly color: boolean;
}

export type RunCommand = (input: CommandInput) => Promise<ExitCode>;

export interface Command {
  readonly name: string;
  /** What follows the name in the usage line. */
  readonly usage: string;
  readonly summary: string;
  /** More for `--help` of this command; lines. */
  readonly details: readonly string[];
  /** `--dry-run` is understood. */
  readonly canDryRun?: boolean;
  readonly load: () => Promise<RunCommand>;
}
