import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/model/events.ts';
import { catalog } from '../../src/suite/catalog.ts';
import { recordedRun } from '../testing/fake-runs.ts';
import { lineTimes } from './line-times.ts';
import { ReplayController } from './replay-controller.ts';

const full = recordedRun('full');
const open = () => new ReplayController(full, { catalog });
const statusOf = (controller: ReplayController, name: string) => controller.store.getSnapshot().testcases.find((testcase) => testcase.name === name)?.status;

test('moving forward and back leads to the same picture', () => {
  const straight = open();
  straight.player.seekBy(90_000);
  const there = open();
  there.player.seekBy(145_000);
  expect(statusOf(there, 'open')).toBe('failed');
  there.player.seekBy(-55_000);
  expect(there.store.getSnapshot()).toEqual(straight.store.getSnapshot());
  expect(statusOf(there, 'open')).toBe('running');
  for (const channel of ['suite', 'server', 'vm'] as const) expect(there.log(channel, 0).getSnapshot()).toEqual(straight.log(channel, 0).getSnapshot());
});

test('the end shows everything, and time stands at the last event', () => {
  const controller = open();
  controller.player.seekBy(1e9);
  expect(controller.store.getSnapshot()).toMatchObject({ environment: 'stopped', outcome: '1 of 33 testcases failed (open)' });
  expect(controller.log('suite', 0).getSnapshot().lines).toEqual(full.logs.suite);
  expect(controller.now()).toBe(Date.parse(full.events.at(-1)?.time ?? ''));
});

test('it plays at its speed, pauses, and begins again after the end', async () => {
  const controller = open();
  controller.player.changeSpeed(1);
  controller.player.changeSpeed(1);
  expect(controller.player.getSnapshot().speed).toBe(4);
  controller.player.togglePause();
  await new Promise((resolve) => setTimeout(resolve, 200));
  controller.player.togglePause();
  const { positionMs } = controller.player;
  expect(positionMs).toBeGreaterThan(200);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(controller.player.positionMs).toBe(positionMs);
  controller.player.seekBy(1e9);
  controller.player.togglePause();
  expect(controller.player.positionMs).toBe(0);
  controller.player.stop();
});

test('speeds end at both ends', () => {
  const { player } = open();
  for (let step = 0; step < 20; step += 1) player.changeSpeed(1);
  expect(player.getSnapshot().speed).toBe(64);
  for (let step = 0; step < 20; step += 1) player.changeSpeed(-1);
  expect(player.getSnapshot().speed).toBe(0.5);
});

test('lines of the suite come with their events, lines of the kernel by its clock', () => {
  const times = lineTimes('suite', full.logs.suite, full.events);
  const started = full.events.find((event) => event.type === 'testcase.started' && event.testcase === 'read');
  expect(times[full.logs.suite.findIndex((line) => line.includes("Running test 'read'"))]).toBe(started?.atMs);
  expect(times).toHaveLength(full.logs.suite.length);

  const vm = lineTimes('vm', ['SeaBIOS', '[    1.500000] a', 'b', '[    2.500000] c'], [
    { type: 'vm.started', pid: 1, accelerator: 'tcg', sshPort: 1, runId: 'r', lane: 0, time: '', atMs: 1000 },
    { type: 'vm.exited', exitCode: 0, signal: null, unexpected: false, runId: 'r', lane: 0, time: '', atMs: 9000 },
  ] satisfies RunEvent[]);
  expect(vm).toEqual([1750, 2500, 3000, 3500]);
});

test('times of lines never go back and stay within the run', () => {
  for (const channel of ['suite', 'server', 'vm', 'build'] as const) {
    const times = lineTimes(channel, full.logs[channel], full.events);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.every((time) => time >= 0 && time <= (full.events.at(-1)?.atMs ?? 0))).toBe(true);
  }
});
