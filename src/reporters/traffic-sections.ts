import type { TestcaseState, Traffic } from '../model/run-state.ts';
import { isOk, type TrafficTotals, type WireCall, type WireWindow } from '../model/wire.ts';
import type { Section } from './sections.ts';

/** `04:35:46.567`: the day is the run's. */
const clock = (time: string) => time.slice(11, 23);

const list = (entries: readonly (readonly [string, number])[]) => entries.map(([name, count]) => `${name} ${count}`).join(', ');

/** A testcase's traffic in numbers, as lines. */
export function totalsLines({ calls, procedures, errors, latencyMs }: TrafficTotals): string[] {
  return [
    `${calls} calls: ${list(procedures.map(({ name, count }) => [name, count]))}`,
    errors.length === 0 ? 'no errors' : `errors: ${list(errors.map(({ status, count }) => [status, count]))}`,
    ...(latencyMs === null ? [] : [`latency: p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms`]),
  ];
}

function overview({ totals, capture, command, complete, problem }: Traffic): Section {
  const lines = [
    ...(totals === null ? [`the calls are not known: ${problem}`] : totalsLines(totals)),
    ...(complete ? [] : ['the beginning is missing: it was more than the capture holds']),
    ...(capture === null ? [] : [`capture: ${capture}, to be read with`, `  ${command}`]),
  ];
  return { title: 'on the wire', body: { kind: 'lines', lines } };
}

const row = ({ time, call, object, status, latencyMs }: WireCall) => [
  clock(time),
  call,
  object,
  status ?? 'no answer',
  latencyMs === null ? '' : String(latencyMs),
];

function windowSections({ calls, omittedCount, lines }: WireWindow, message: string): Section[] {
  const omitted = omittedCount === 0 ? '' : ` (${omittedCount} more calls left out)`;
  const body = { kind: 'table', columns: ['time', 'call', 'object', 'status', 'ms'], rows: calls.map(row) } as const;
  const log = { kind: 'lines', lines: lines.map(({ time, channel, line }) => `${clock(time)} ${channel === 'vm' ? 'console' : channel} | ${line}`) } as const;
  return [
    { title: `before “${message}”${omitted}`, body: calls.length === 0 ? { kind: 'lines', lines: ['no call: the client answered by itself'] } : body },
    ...(lines.length === 0 ? [] : [{ title: 'server log and console at that moment', body: log }]),
  ];
}

/** What went over the wire in a testcase, and before each of its failures. */
export function trafficSections({ traffic, failures }: Pick<TestcaseState, 'traffic' | 'failures'>): Section[] {
  if (!traffic) return [];
  return [overview(traffic), ...traffic.windows.flatMap((window) => windowSections(window, failures[window.failure]?.message ?? 'a failed assertion'))];
}

const mostErrors = 3;

/** The calls with an error before a testcase's first failures: `RENAME /export/a → /export/b  NFS3ERR_IO`. */
export function tellingCalls({ windows }: Pick<Traffic, 'windows'>): string[] {
  const failed = windows.flatMap(({ calls }) => calls.filter(({ status }) => status !== null && !isOk(status)));
  const texts = failed.map(({ call, object, status }) => `${call} ${object}  ${status}`);
  return [...new Set(texts)].slice(0, mostErrors);
}
