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

/** The folder that all paths of these calls lie in, with its slash; empty where there is none. */
export function commonFolder(calls: readonly Pick<WireCall, 'object'>[]): string {
  const paths = calls.flatMap(({ object }) => object.split(' → ')).filter((path) => path.startsWith('/'));
  const folders = paths.map((path) => path.slice(0, path.lastIndexOf('/') + 1));
  const [first = ''] = folders;
  for (let folder = first; folder.length > 1; folder = folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1)) {
    if (folders.every((other) => other.startsWith(folder))) return folder;
  }
  return '';
}

const row = ({ time, call, object, status, latencyMs }: WireCall, folder: string) => [
  clock(time),
  call,
  folder === '' ? object : object.replaceAll(folder, ''),
  status ?? 'no answer',
  latencyMs === null ? '' : String(latencyMs),
];

function windowSections({ calls, omittedCount, lines }: WireWindow, message: string): Section[] {
  const log = { kind: 'lines', lines: lines.map(({ time, channel, line }) => `${clock(time)} ${channel === 'vm' ? 'console' : channel} | ${line}`) } as const;
  const logs = lines.length === 0 ? [] : [{ title: 'server log and console at that moment', body: log }];
  const others = omittedCount === 0 ? '' : `${omittedCount} others not shown`;
  if (calls.length === 0) {
    const none = omittedCount === 0 ? 'no call: the client answered by itself' : `nothing but ${omittedCount} successful looks at attributes`;
    return [{ title: `before “${message}”`, body: { kind: 'lines', lines: [none] } }, ...logs];
  }
  const folder = commonFolder(calls);
  const notes = [...(folder === '' ? [] : [`in ${folder}`]), ...(others === '' ? [] : [others])];
  const title = `before “${message}”${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`;
  return [{ title, body: { kind: 'table', columns: ['time', 'call', 'object', 'status', 'ms'], rows: calls.map((call) => row(call, folder)) } }, ...logs];
}

/** What went over the wire in a testcase, and before each of its failures. */
export function trafficSections({ traffic, failures }: Pick<TestcaseState, 'traffic' | 'failures'>): Section[] {
  if (!traffic) return [];
  return [overview(traffic), ...traffic.windows.flatMap((window) => windowSections(window, failures[window.failure]?.message ?? 'a failed assertion'))];
}

const mostErrors = 3;

const isMissing = ({ status }: WireCall): boolean => status?.endsWith('_NOENT') ?? false;

/** The last call with an error before each of a testcase's failures, the first ones: `RENAME /export/a → /export/b  NFS3ERR_IO`. */
export function tellingCalls({ windows }: Pick<Traffic, 'windows'>): string[] {
  const failed = windows.flatMap(({ calls }) => {
    const wrong = calls.filter(({ status }) => status !== null && !isOk(status));
    return wrong.findLast((call) => !isMissing(call)) ?? wrong.at(-1) ?? [];
  });
  // A name that is looked up and is not there is what most testcases expect.
  const strange = failed.filter((call) => !isMissing(call));
  const texts = (strange.length > 0 ? strange : failed).map(({ call, object, status }) => `${call} ${object}  ${status}`);
  return [...new Set(texts)].slice(0, mostErrors);
}
