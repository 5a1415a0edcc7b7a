import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/model/events.ts';
import { catalog } from '../../src/suite/catalog.ts';
import { recordedRun } from '../testing/fake-runs.ts';
import { show } from '../testing/shown.ts';
import { lineTimes } from './line-times.ts';
import { ReplayController } from './replay-controller.ts';

const run = recordedRun('lanes');
const startOf = (testcase: string) => run.events.find((event) => event.type === 'testcase.started' && event.testcase === testcase)?.atMs ?? 0;
const lineOf = (lane: number, text: string) => run.lanes[lane]?.suite.findIndex((line) => line.includes(text)) ?? -1;

test('each lane has its own logs, at the times of its own events', () => {
  const controller = new ReplayController(run, { catalog });
  controller.player.seekBy(startOf('close'));
  const shown = (lane: number) => controller.log('suite', lane).getSnapshot().lines;
  // The second lane has just begun with close; the first one is in the middle of access.
  expect(shown(1).at(-1)).toContain("Running test 'close'");
  expect(shown(0)).toHaveLength(shown(0).findLastIndex((line) => line.includes('PASS: access')) + 1);
  expect(shown(0).some((line) => line.includes('chdir'))).toBe(false);
  controller.player.seekBy(1e9);
  for (const lane of [0, 1])
    for (const channel of ['suite', 'server', 'vm'] as const) expect(controller.log(channel, lane).getSnapshot().lines).toEqual(run.lanes[lane]?.[channel]);
});

test('a lane that is not in the recording has empty logs', () => {
  const controller = new ReplayController(run, { catalog });
  controller.player.seekBy(1e9);
  expect(controller.log('suite', 2).getSnapshot().lines).toEqual([]);
});

test('a testcase that a lane lost and another one ran again is shown at its time in each', () => {
  const at = (lane: number, atMs: number) => ({ runId: 'r', lane, time: '', atMs });
  const lines = ['start', "    TEST: Running test 'open'", '    PASS: open - a'];
  const assertion = { type: 'assertion.finished', testcase: 'open', verdict: 'passed', message: '', passedCount: 1, failedCount: 0, details: [] } as const;
  const events: RunEvent[] = [
    { type: 'suite.started', command: '', ...at(1, 1000) },
    { type: 'testcase.started', testcase: 'open', ...at(1, 2000) },
    { ...assertion, ...at(1, 3000) },
    { type: 'suite.started', command: '', ...at(0, 6000) },
    { type: 'testcase.started', testcase: 'open', ...at(0, 7000) },
    { ...assertion, ...at(0, 8000) },
  ];
  expect(lineTimes('suite', lines, events, 1)).toEqual([1500, 2000, 3000]);
  expect(lineTimes('suite', lines, events, 0)).toEqual([6500, 7000, 8000]);
});

test('times never go back, stay within the run, and are those of the lane’s own start', () => {
  const end = run.events.at(-1)?.atMs ?? 0;
  for (const [lane, logs] of run.lanes.entries()) {
    for (const channel of ['suite', 'server', 'vm', 'build'] as const) {
      const times = lineTimes(channel, logs[channel], run.events, lane);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times.every((time) => time >= 0 && time <= end)).toBe(true);
    }
  }
  expect(lineTimes('suite', run.lanes[1]?.suite ?? [], run.events, 1)[lineOf(1, "'mkdir'")]).toBe(startOf('mkdir'));
});

test('a saved VM goes on when it was restored; its kernel’s clock is no clock of the run', () => {
  const starts = run.events.filter((event) => event.type === 'vm.started');
  const console = (lane: number) => lineTimes('vm', run.lanes[lane]?.vm ?? [], run.events, lane);
  const goesOn = (lane: number) => run.lanes[lane]?.vm.findIndex((line) => line.includes('goes on from its saved state')) ?? -1;
  expect(console(0)[goesOn(0)]).toBe(starts.findLast(({ lane }) => lane === 0)?.atMs);
  expect(console(1)[goesOn(1)]).toBe(starts.find(({ lane }) => lane === 1)?.atMs);
  expect(console(1).at(-1)).toBeLessThanOrEqual(run.events.at(-1)?.atMs ?? 0);
});

test('of an environment that stood before the run the logs begin with the run', () => {
  const environment = { imageId: null, clientKernel: null, accelerator: null };
  const server = { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' };
  const at = (atMs: number) => ({ runId: 'r', lane: 0, time: '', atMs });
  const events: RunEvent[] = [
    { type: 'run.started', server, nfsVersion: '3', testcases: [], program: '0', environment, ...at(0) },
    { type: 'run.finished', exitCode: 0, reason: '', hint: null, log: null, durationMs: 4000, ...at(4000) },
  ];
  expect(lineTimes('server', ['a', 'b', 'c'], events)).toEqual([1000, 2000, 3000]);
});

test('the screen shows the lanes, each with its console', async () => {
  const controller = new ReplayController(run, { catalog, logFile: (channel, lane) => `${channel} ${lane}` });
  controller.player.seekBy(startOf('mkdir') + 1);
  const shown = await show(controller, { columns: 120, rows: 40 });
  await shown.press('5', '7');
  expect(shown.frame).toContain('[5 Suite, lane 2]');
  expect(shown.frame).toContain("Running test 'mkdir'");
  await shown.press('6');
  expect(shown.frame).toContain('[5 Suite, lane 1]');
  expect(shown.frame).toContain('PASS: access');
  await shown.press('4', '7');
  await shown.settle();
  expect(shown.frame).toContain('nfstest-vm-2 goes on from its saved state');
  await shown.press('l');
  expect(shown.host).toEqual(['lend less -R vm 1']);
});
