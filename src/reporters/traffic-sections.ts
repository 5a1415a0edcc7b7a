import type { TestcaseState, Traffic } from '../model/run-state.ts';
import type { TrafficTotals, WireCall, WireWindow } from '../model/wire.ts';
import type { Section } from './sections.ts';
import { commonFolder } from './wire-paths.ts';

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
    ...(totals === null ? [] : totalsLines(totals)),
    ...(problem === null ? [] : [`the calls before each failure are not known: ${problem}`]),
    ...(complete ? [] : ['the beginning is missing: it was more than the capture holds']),
    ...(capture === null ? [] : [`capture: ${capture}, to be read with`, `  ${command}`]),
  ];
  return { title: 'on the wire', body: { kind: 'lines', lines } };
}

const row = ({ time, call, object, status, latencyMs }: WireCall, folder: string) => [
  clock(time),
  call,
  folder === '' ? object : object.replaceAll(folder, ''),
  status ?? 'no answer',
  latencyMs === null ? '' : String(latencyMs),
];

const nothing = (omittedCount: number): string =>
  omittedCount === 0 ? 'no call: the client answered by itself' : `nothing but ${omittedCount} successful looks at attributes`;

function windowSections({ calls, omittedCount, lines }: WireWindow, message: string): Section[] {
  const log = { kind: 'lines', lines: lines.map(({ time, channel, line }) => `${clock(time)} ${channel === 'vm' ? 'console' : channel} | ${line}`) } as const;
  const logs = lines.length === 0 ? [] : [{ title: 'server log and console at that moment', body: log }];
  const others = omittedCount === 0 ? '' : `${omittedCount} others not shown`;
  if (calls.length === 0) return logs.length === 0 ? [] : [{ title: `before “${message}”`, body: { kind: 'lines', lines: [nothing(omittedCount)] } }, ...logs];
  const folder = commonFolder(calls);
  const notes = [...(folder === '' ? [] : [`in ${folder}`]), ...(others === '' ? [] : [others])];
  const title = `before “${message}”${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`;
  return [{ title, body: { kind: 'table', columns: ['time', 'call', 'object', 'status', 'ms'], rows: calls.map((call) => row(call, folder)) } }, ...logs];
}

/** What went over the wire in a testcase, and before each of its failures. */
export function trafficSections({ traffic, failures }: Pick<TestcaseState, 'traffic' | 'failures'>): Section[] {
  if (!traffic) return [];
  const messageOf = ({ failure }: WireWindow): string => failures[failure]?.message ?? 'a failed assertion';
  // They would push the others apart, and have one line of news each.
  const quiet = traffic.windows.filter(({ calls, lines }) => calls.length === 0 && lines.length === 0);
  const rows = quiet.map((window) => [messageOf(window), nothing(window.omittedCount)]);
  return [
    overview(traffic),
    ...traffic.windows.flatMap((window) => windowSections(window, messageOf(window))),
    ...(rows.length === 0 ? [] : [{ title: 'before the others', body: { kind: 'table', columns: ['assertion', 'on the wire'], rows } } as const]),
  ];
}
