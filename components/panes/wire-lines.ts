import type { Traffic } from '../../src/model/run-state.ts';
import { isOk, type WireCall, type WireWindow } from '../../src/model/wire.ts';
import { cleanLine } from '../text/clean.ts';
import { type Line, span } from '../text/line.ts';
import { shorten, wrapText } from '../text/width.ts';

/** `04:45:13.300`: the day is the run's. */
const clock = (time: string) => time.slice(11, 23);

const latency = ({ latencyMs }: WireCall) => (latencyMs === null ? '' : ` ${latencyMs} ms`);

function callLine(call: WireCall, width: number): Line {
  const status = call.status ?? 'no answer';
  const end = `  ${status}${latency(call)}`;
  // The status is what the line is for: the names give way.
  const start = shorten(cleanLine(`${clock(call.time)} ${call.call} ${call.object}`), Math.max(0, width - 2 - end.length));
  return ['  ', span(start, 'dim'), span(end, call.status !== null && isOk(call.status) ? 'dim' : 'failed')];
}

/** The calls and log lines before a failed assertion. */
export function windowLines({ calls, lines, omittedCount }: WireWindow, width: number): Line[] {
  const omitted = omittedCount === 0 ? [] : [['  ', span(`and ${omittedCount} more calls`, 'dim')] as Line];
  const log = lines.map(({ time, channel, line }): Line => ['  ', span(shorten(cleanLine(`${clock(time)} ${channel} | ${line}`), width - 2), 'dim')]);
  return [...calls.map((call) => callLine(call, width)), ...omitted, ...log];
}

/** A testcase's traffic in numbers, and where its capture is. */
export function trafficLines({ totals, capture, problem }: Traffic, width: number): Line[] {
  const latencies = totals?.latencyMs ? `, p50 ${totals.latencyMs.p50} ms, p99 ${totals.latencyMs.p99} ms` : '';
  const errors = totals?.errors.map(({ status, count }) => `${status} ${count}`).join(', ') ?? '';
  const text = [
    ...(totals === null ? [] : [`${totals.calls} calls${latencies}`]),
    ...(problem === null ? [] : [`calls before each failure not known: ${problem}`]),
    ...(errors === '' ? [] : [`errors: ${errors}`]),
    ...(capture === null ? [] : [`capture: ${capture} in the run’s folder`]),
  ];
  return [[span('On the wire', 'bold')], ...text.flatMap((row) => wrapText(row, width).map((line): Line => [line]))];
}
