import { isOk, type WireCall, type WireLogLine, type WireWindow } from '../model/wire.ts';

/** When an assertion failed, and when the one before it (or the testcase) ended; milliseconds since 1970, by the host's clock. */
export interface FailedMoment {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A line that the client prints takes its time to the host, and a testcase with hundreds of failures says the same again and again. */
const limits = { calls: 16, lines: 12, failures: 20 } as const;

const within = ({ time }: { readonly time: string }, { fromMs, toMs }: FailedMoment) => Date.parse(time) >= fromMs && Date.parse(time) <= toMs;

/** Errors first, then the latest; in their order. */
function mostTelling(calls: readonly WireCall[], most: number): readonly WireCall[] {
  if (calls.length <= most) return calls;
  const failed = calls.filter(({ status }) => status !== null && !isOk(status)).slice(-most / 2);
  const latest = calls.slice(failed.length - most);
  const chosen = new Set([...failed, ...latest]);
  return calls.filter((call) => chosen.has(call));
}

/** The calls and log lines around each failed assertion. */
export function windowsOf(failures: readonly FailedMoment[], calls: readonly WireCall[], lines: readonly WireLogLine[]): WireWindow[] {
  return failures.slice(0, limits.failures).map((moment, failure) => {
    const all = calls.filter((call) => within(call, moment));
    const shown = mostTelling(all, limits.calls);
    return { failure, calls: shown, omittedCount: all.length - shown.length, lines: lines.filter((line) => within(line, moment)).slice(-limits.lines) };
  });
}
