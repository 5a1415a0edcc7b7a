import { ExitCode } from '../model/exit-codes.ts';
import { type Outcome, outcomeOfError } from '../model/verdict.ts';

const codes = { SIGINT: ExitCode.interrupted, SIGTERM: ExitCode.terminated, SIGHUP: ExitCode.hangup } as const;

/** So many exceptions that nobody caught: what is tidied up throws them itself. */
const mostExceptions = 10;

/**
 * Turns signals into outcomes until the returned function is called; a third one ends the program at once. An exception that nobody caught
 * is one too: Node would end with 1, which means that a testcase failed, and leave everything running.
 */
export function onSignals(stop: (outcome: Outcome) => void): () => void {
  let count = 0;
  const handlers = Object.entries(codes).map(([name, exitCode]) => {
    const handler = () => {
      count += 1;
      if (count > 2) process.exit(exitCode);
      stop({ exitCode, reason: `interrupted by ${name}`, hint: null, log: null });
    };
    process.on(name, handler);
    return () => process.removeListener(name, handler);
  });
  let exceptions = 0;
  const onException = (error: unknown) => {
    exceptions += 1;
    if (exceptions === 1) stop(outcomeOfError(error));
    else process.stderr.write(`nfstest-tui: a bug: ${error instanceof Error ? error.stack : String(error)}\n`);
    if (exceptions > mostExceptions) process.exit(ExitCode.environment);
  };
  process.on('uncaughtException', onException);
  return () => {
    for (const remove of handlers) remove();
    process.removeListener('uncaughtException', onException);
  };
}

/**
 * Does work that a signal cuts off, from its first to its last moment: a session that has not begun, or is over, has no ear for it.
 *
 * @returns what came of it, and the signal's exit code where there was one.
 */
export async function untilSignal<T>(work: (signal: AbortSignal) => Promise<T>): Promise<{ readonly result: T; readonly interrupted: ExitCode | null }> {
  const abort = new AbortController();
  let interrupted: ExitCode | null = null;
  const forget = onSignals(({ exitCode, reason, log }) => {
    interrupted ??= exitCode;
    // An exception: nobody else shows it.
    if (exitCode === ExitCode.environment) process.stderr.write(`${(log?.lines ?? []).join('\n')}\nnfstest-tui: ${reason}\n`);
    abort.abort();
  });
  try {
    const result = await work(abort.signal);
    return { result, interrupted };
  } finally {
    forget();
  }
}
