import type { Accelerator } from './accelerator.ts';
import type { AcceleratorChoice } from './choose-accelerator.ts';
import type { EngineResolution } from './engine-socket.ts';

export interface RunResult {
  /** Null where it could not be started or a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  /** Ends with the cause where it could not be started. */
  readonly stderr: string;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Every line of stdout and stderr, as it comes. */
  readonly onLine?: (line: string) => void;
  /** The process may ask at this terminal, for example for a password. */
  readonly inheritInput?: boolean;
}

/** The machine, as doctor and setup see it; tests give a fake one. */
export interface Host {
  readonly platform: NodeJS.Platform;
  /** As `process.arch`. */
  readonly arch: string;
  readonly isRoot: boolean;
  readonly userName: string;
  readonly nodeVersion: string;
  /** Human name of the system, for example `Debian GNU/Linux 12 (bookworm)`. */
  osName(): Promise<string>;
  /** Where a program is, or null; also looks where administrators' programs are, which a user's PATH may lack. */
  which(command: string): Promise<string | null>;
  exists(path: string): Promise<boolean>;
  /** Null where it can't be read. */
  readText(path: string): Promise<string | null>;
  /** Replaces a file's text; makes its folder. */
  writeText(path: string, text: string): Promise<void>;
  appendText(path: string, text: string): Promise<void>;
  /** Runs a program to its end; rejects only when aborted. */
  run(file: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Bytes free for this user on the filesystem that holds (or will hold) a path; null where it can't be told. */
  freeBytes(path: string): Promise<number | null>;
  /** Bytes that new programs can use. */
  availableMemoryBytes(): number;
  /** Age of apt's package lists in ms; null where there are none. */
  aptListsAgeMs(): Promise<number | null>;
  findEngine(): Promise<EngineResolution>;
  port(port: number): Promise<{ readonly isFree: boolean; readonly holder: string | null }>;
  chooseAccelerator(options: {
    readonly qemuBinary: string;
    readonly requested: Accelerator | 'auto';
    readonly verdictFile: string;
    readonly kernels: readonly string[];
    readonly signal?: AbortSignal | undefined;
  }): Promise<AcceleratorChoice>;
  /** True where that address can be downloaded from: it answers within a few seconds, and not with an error. */
  canReach(url: string, signal?: AbortSignal): Promise<boolean>;
  processStartTime(pid: number): Promise<string | null>;
  commandLineOf(pid: number): Promise<string | null>;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  nowMs(): number;
}
