import type { KnownFailure, LogChannel } from '../src/model/events.ts';
import type { ExitCode } from '../src/model/exit-codes.ts';
import type { LogSnapshot } from '../src/stream/ring-buffer.ts';
import type { DashboardView } from './view/dashboard-view.ts';

/** Something that changes and can be looked at: what `useSyncExternalStore` wants. */
export interface Observable<T> {
  /** @returns a function that ends the subscription. */
  readonly subscribe: (listener: () => void) => () => void;
  /** The same object as long as nothing has changed. */
  readonly getSnapshot: () => T;
}

/** The end of a log. A `LogBuffer` is one. */
export type LogSource = Observable<LogSnapshot>;

/** How far a replay is. */
export interface Playback {
  readonly positionMs: number;
  readonly durationMs: number;
  /** Times real time. */
  readonly speed: number;
  readonly paused: boolean;
}

/** The controls of a replay. */
export interface Player extends Observable<Playback> {
  togglePause(): void;
  /** Next higher (1) or lower (-1) speed. */
  changeSpeed(direction: 1 | -1): void;
  /** Moves by this many milliseconds, within the recording. */
  seekBy(deltaMs: number): void;
}

/** A program that takes over the terminal for a while. */
export interface TerminalCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** What a dashboard drives and observes. The screen calls these from key presses: none blocks, none throws. */
export interface DashboardController {
  readonly store: Observable<DashboardView>;
  /** A log of a lane, counted from 0; the same object for the same log. */
  log(channel: LogChannel, lane: number): LogSource;
  /** Null for a live run. */
  readonly player: Player | null;
  /** The environment was running before: quitting may leave it. */
  readonly attached: boolean;
  /** Epoch milliseconds; in a replay those of the recording. The scale of every `…At` in the view. */
  now(): number;

  /** Runs these testcases in the environment; one that is still starting runs them when it is ready. */
  run(testcases: readonly string[]): void;
  /** Ends the running testcases and keeps the environment. */
  stopTests(): void;
  /** Restarts the server alone. */
  restartServer(): void;
  /** Begins, or ends, a round of tests with every change of the server's sources: of what has not passed, or of these testcases where all have. */
  toggleWatch(testcases: readonly string[]): void;
  /** Runs a failed testcase again elsewhere, to say whose fault it is; @returns what comes of it, for the screen. */
  triage(testcase: string): string;
  /** Starts the environment again after it failed. */
  retry(): void;
  /** Stops everything (or leaves the environment running) and settles when that is done. May be called again. */
  quit(options: { readonly keep: boolean }): Promise<ExitCode>;
  /** Makes a `quit` under way stop waiting. */
  force(): void;

  /** Writes down that these failures are expected; @returns what came of it, for the screen. */
  expectFailures(failures: readonly KnownFailure[]): Promise<string>;
  /** A shell command that runs these testcases in the same way. */
  reproCommand(testcases: readonly string[]): string;
  /** A shell in a lane's client VM; null while there is none. */
  shellCommand(lane: number): TerminalCommand | null;
  /** Shows a whole log. */
  pagerCommand(path: string): TerminalCommand;
  /** Path of a lane's log; null where it is not kept. */
  logFile(channel: LogChannel, lane: number): string | null;
  /** Where the run is kept; null before it is. */
  runFolder(): string | null;
}
