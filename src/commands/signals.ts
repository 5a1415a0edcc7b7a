import { ExitCode } from '../model/exit-codes.ts';
import type { Outcome } from '../model/verdict.ts';

const codes = { SIGINT: ExitCode.interrupted, SIGTERM: ExitCode.terminated, SIGHUP: ExitCode.hangup } as const;

/** Turns signals into outcomes until the returned function is called; a third one ends the program at once. */
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
  return () => {
    for (const remove of handlers) remove();
  };
}
