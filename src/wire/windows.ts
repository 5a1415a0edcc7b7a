import { isOk, type WireCall, type WireLogLine, type WireWindow } from '../model/wire.ts';

/** When an assertion failed, and when the one before it (or the testcase) ended; milliseconds since 1970, by the host's clock. */
export interface FailedMoment {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A line that the client prints takes its time to the host, and a testcase with hundreds of failures says the same again and again. */
const limits = { calls: 10, lines: 10, failures: 12 } as const;

const within = ({ time }: { readonly time: string }, { fromMs, toMs }: FailedMoment) => Date.parse(time) >= fromMs && Date.parse(time) <= toMs;

/** Calls that only look at attributes: with the suite's actimeo=0 the client makes several before everything it does. */
const looksOnly = ({ call, status }: WireCall) =>
  (status === null || isOk(status)) && call.split(' ').every((word) => /^(SEQUENCE|PUTFH|GETATTR|ACCESS|GETFH)$/.test(word));

/** Errors first, then the latest that did something; in their order. */
function mostTelling(calls: readonly WireCall[]): readonly WireCall[] {
  const doing = calls.filter((call) => !looksOnly(call));
  const failed = doing.filter(({ status }) => status === null || !isOk(status)).slice(-limits.calls / 2);
  const chosen = new Set([...failed, ...doing.slice(failed.length - limits.calls)]);
  return calls.filter((call) => chosen.has(call));
}

/** The calls and log lines before each failed assertion; what is before one is not told again before the next. */
export function windowsOf(failures: readonly FailedMoment[], calls: readonly WireCall[], lines: readonly WireLogLine[]): WireWindow[] {
  let toldMs = 0;
  return failures.slice(0, limits.failures).map(({ fromMs, toMs }, failure) => {
    const moment = { fromMs: Math.max(fromMs, toldMs), toMs };
    toldMs = toMs + 1;
    const all = calls.filter((call) => within(call, moment));
    const shown = mostTelling(all);
    return { failure, calls: shown, omittedCount: all.length - shown.length, lines: lines.filter((line) => within(line, moment)).slice(-limits.lines) };
  });
}
