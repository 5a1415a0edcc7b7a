import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../config/paths.ts';
import { readRun } from '../history/read-runs.ts';
import type { EventBody, Phase, RunEvent } from '../model/events.ts';
import { timingLines, timingsOf } from './timings.ts';

const stamped = (body: EventBody, atMs: number, lane = 0): RunEvent => ({ ...body, runId: 'r', lane, time: '2026-01-01T00:00:00Z', atMs });
const step = (phase: Phase, fromMs: number, toMs: number, lane = 0): RunEvent[] => [
  stamped({ type: 'phase.started', phase }, fromMs, lane),
  stamped({ type: 'phase.finished', phase, outcome: 'ok', durationMs: toMs - fromMs, detail: null }, toMs, lane),
];

describe('timingsOf', () => {
  it('reads a recorded run', async () => {
    const { events } = await readRun(join(packageRoot, 'test/fixtures/runs/full'));
    const timings = timingsOf(events);
    expect(timings.steps.map(({ phase, outcome }) => `${phase} ${outcome}`)).toContain('suite ok');
    expect(timings.firstTestcaseMs).toBeGreaterThan(timings.steps.find(({ phase }) => phase === 'connect')?.startedAtMs ?? Number.POSITIVE_INFINITY);
  });

  it('keeps a step that is done twice apart, and lanes', () => {
    const { steps } = timingsOf([...step('connect', 10, 20), ...step('connect', 30, 45), ...step('connect', 31, 40, 1)]);
    expect(steps).toMatchObject([
      { lane: 0, startedAtMs: 10, durationMs: 10 },
      { lane: 0, startedAtMs: 30, durationMs: 15 },
      { lane: 1, startedAtMs: 31, durationMs: 9 },
    ]);
  });

  it('a step that was cut off has no duration', () => {
    expect(timingsOf([stamped({ type: 'phase.started', phase: 'vm' }, 5)])).toEqual({
      runId: 'r',
      steps: [{ phase: 'vm', lane: 0, startedAtMs: 5, durationMs: null, outcome: null }],
      firstTestcaseMs: null,
    });
  });
});

describe('timingLines', () => {
  it('is a table with the first testcase below', () => {
    const events = [...step('vm', 30, 450), ...step('suite', 900, 70_900), stamped({ type: 'testcase.started', testcase: 'read' }, 2_900)];
    expect(timingLines(timingsOf(events)).join('\n')).toMatchInlineSnapshot(`
      "timings of run r
      step             began at        took
      start client VM    0.03 s      0.42 s
      run testcases      0.90 s  1 min 10 s

      first testcase after 2.90 s"
    `);
  });

  it('names lanes where there are several, and what was not finished', () => {
    const events = [...step('vm', 30, 450), ...step('vm', 30, 470, 1), stamped({ type: 'phase.started', phase: 'connect' }, 480, 1)];
    expect(timingLines(timingsOf(events)).join('\n')).toMatchInlineSnapshot(`
      "timings of run r
      step               lane  began at    took
      start client VM    1       0.03 s  0.42 s
      start client VM    2       0.03 s  0.44 s
      connect to client  2       0.48 s       -  not finished"
    `);
  });
});
