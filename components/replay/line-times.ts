import type { LogChannel, RunEvent } from '../../src/model/events.ts';

/** A line whose time is known. */
interface Fixed {
  readonly index: number;
  readonly atMs: number;
}

/** Between which events a log is written. */
const spans: Readonly<Record<LogChannel, readonly [RunEvent['type'], RunEvent['type']]>> = {
  build: ['run.started', 'server.started'],
  server: ['server.started', 'server.exited'],
  vm: ['vm.started', 'vm.exited'],
  suite: ['suite.started', 'suite.finished'],
};

const kernelTime = /^\[\s*(\d+\.\d+)\]/;
const testcaseStart = /Running test '(\w+)'/;
const assertion = /^\s*(PASS|FAIL): /;

function fixedLines(channel: LogChannel, lines: readonly string[], events: readonly RunEvent[], start: number): Fixed[] {
  if (channel === 'vm') {
    return lines.flatMap((line, index) => {
      const seconds = kernelTime.exec(line)?.[1];
      return seconds === undefined ? [] : [{ index, atMs: start + Number(seconds) * 1000 }];
    });
  }
  if (channel !== 'suite') return [];
  const started = new Map(events.flatMap((event) => (event.type === 'testcase.started' ? [[event.testcase, event.atMs] as const] : [])));
  const assertions = events.filter((event) => event.type === 'assertion.finished').values();
  return lines.flatMap((line, index) => {
    const name = testcaseStart.exec(line)?.[1];
    const atMs = name === undefined ? (assertion.test(line) ? assertions.next().value?.atMs : undefined) : started.get(name);
    return atMs === undefined ? [] : [{ index, atMs }];
  });
}

/**
 * When each line of a recorded log was written, in milliseconds since the run began. Logs carry no times of their own:
 * some lines are tied to an event or a kernel's clock, the others are spread evenly between those.
 */
export function lineTimes(channel: LogChannel, lines: readonly string[], events: readonly RunEvent[]): number[] {
  const at = (type: RunEvent['type']) => events.find((event) => event.type === type)?.atMs;
  const end = events.at(-1)?.atMs ?? 0;
  const [first, last] = spans[channel];
  const start = at(first) ?? end;
  const stop = Math.max(start, at(last) ?? end);
  const fixed = [{ index: -1, atMs: start }, ...fixedLines(channel, lines, events, start), { index: lines.length, atMs: stop }];
  const times: number[] = [];
  for (const [number, anchor] of fixed.slice(1).entries()) {
    const before = fixed[number] ?? anchor;
    const from = Math.max(before.atMs, times.at(-1) ?? start);
    const to = Math.min(Math.max(anchor.atMs, from), stop);
    const steps = anchor.index - before.index;
    for (let index = before.index + 1; index <= anchor.index && index < lines.length; index += 1)
      times.push(from + ((to - from) * (index - before.index)) / steps);
  }
  return times;
}
