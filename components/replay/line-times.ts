import type { LogChannel, RunEvent } from '../../src/model/events.ts';

/** A line whose time is known. */
interface Fixed {
  readonly index: number;
  readonly atMs: number;
}

/** Between which events of its lane a log is written. */
const spans: Readonly<Record<LogChannel, readonly [RunEvent['type'], RunEvent['type']]>> = {
  build: ['run.started', 'server.started'],
  server: ['server.started', 'server.exited'],
  vm: ['vm.started', 'vm.exited'],
  suite: ['suite.started', 'suite.finished'],
};

const kernelTime = /^\[\s*(\d+\.\d+)\]/;
/** What the console says where a saved VM goes on; its kernel's clock, too, goes on from where it was saved. */
const resumed = /^nfstest: .* goes on from its saved state$/;
const testcaseStart = /Running test '(\w+)'/;
const assertion = /^\s*(PASS|FAIL): /;

/** Lines of the kernel by its clock, until a saved VM goes on, which it does right after its start. */
function consoleLines(lines: readonly string[], events: readonly RunEvent[], start: number): Fixed[] {
  const goesOn = lines.findIndex((line) => resumed.test(line));
  const booted = goesOn === -1 ? lines : lines.slice(0, goesOn);
  const fixed = booted.flatMap((line, index) => {
    const seconds = kernelTime.exec(line)?.[1];
    return seconds === undefined ? [] : [{ index, atMs: start + Number(seconds) * 1000 }];
  });
  const restored = events.findLast((event) => event.type === 'vm.started')?.atMs;
  return goesOn === -1 || restored === undefined ? fixed : [...fixed.filter(({ atMs }) => atMs <= restored), { index: goesOn, atMs: restored }];
}

function suiteLines(lines: readonly string[], events: readonly RunEvent[]): Fixed[] {
  const started = new Map(events.flatMap((event) => (event.type === 'testcase.started' ? [[event.testcase, event.atMs] as const] : [])));
  const assertions = events.filter((event) => event.type === 'assertion.finished').values();
  return lines.flatMap((line, index) => {
    const name = testcaseStart.exec(line)?.[1];
    const atMs = name === undefined ? (assertion.test(line) ? assertions.next().value?.atMs : undefined) : started.get(name);
    return atMs === undefined ? [] : [{ index, atMs }];
  });
}

function fixedLines(channel: LogChannel, lines: readonly string[], events: readonly RunEvent[], start: number): Fixed[] {
  if (channel === 'vm') return consoleLines(lines, events, start);
  return channel === 'suite' ? suiteLines(lines, events) : [];
}

/**
 * When each line of a recorded log was written, in milliseconds since the run began. Logs carry no times of their own:
 * some lines are tied to an event or a kernel's clock, the others are spread evenly between those.
 *
 * @param lane whose log it is, from 0: the events of other lanes say nothing about it.
 */
export function lineTimes(channel: LogChannel, lines: readonly string[], events: readonly RunEvent[], lane = 0): number[] {
  // Recordings before 0.2 name no lane.
  const own = events.filter((event) => ((event.lane as number | undefined) ?? 0) === lane);
  const end = events.at(-1)?.atMs ?? 0;
  const [first, last] = spans[channel];
  // Where the environment stood before the run, no event says that its parts were started.
  const stood = events.find((event) => event.type === 'run.started' && event.environment !== undefined)?.atMs;
  const start = own.find((event) => event.type === first)?.atMs ?? (channel === 'suite' ? end : (stood ?? end));
  const stop = Math.max(start, own.findLast((event) => event.type === last)?.atMs ?? end);
  const fixed = [{ index: -1, atMs: start }, ...fixedLines(channel, lines, own, start), { index: lines.length, atMs: stop }];
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
