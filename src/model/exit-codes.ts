/** The program's exit codes; README and `--help` carry the same table. */
export const ExitCode = {
  /** Every selected testcase ran and passed, or failed as known. */
  passed: 0,
  /** A testcase failed. */
  testsFailed: 1,
  /** Wrong usage; nothing was started. */
  usage: 2,
  /** The environment could not be built or started. */
  environment: 3,
  /** The server died or stopped answering during the run. */
  serverLost: 4,
  /** The client VM hung, panicked or was lost during the run. */
  clientLost: 5,
  /** Nothing ran: the suite failed in its set-up, or the selection was empty. */
  nothingRan: 6,
  /** Interrupted by SIGHUP, after cleaning up. */
  hangup: 129,
  /** Interrupted by SIGINT (Ctrl+C), after cleaning up. */
  interrupted: 130,
  /** Interrupted by SIGTERM, after cleaning up. */
  terminated: 143,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
