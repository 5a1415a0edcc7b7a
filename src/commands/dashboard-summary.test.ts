import { expect, test } from 'vitest';
import { FakeController } from '../../components/testing/fake-controller.ts';
import { recordedRun } from '../../components/testing/fake-runs.ts';
import { summaryLines } from './dashboard-summary.ts';

test('verdicts, the end, and where the run is kept', () => {
  const controller = new FakeController();
  controller.take(recordedRun('full').events);
  const lines = summaryLines(controller.store.getSnapshot(), 'build/runs/one');
  expect(lines).toHaveLength(35);
  expect(lines.slice(-4)).toMatchInlineSnapshot(`
    [
      "open       FAILED   12544/13056",
      "chmod      passed   4/4",
      "1 of 33 testcases failed (open)",
      "kept in build/runs/one",
    ]
  `);
});

test('an environment that failed says why', () => {
  const controller = new FakeController();
  controller.take(recordedRun('no-vm').events);
  expect(summaryLines(controller.store.getSnapshot(), null)).toEqual(['the client VM was not ready within 300 s']);
});

test('nothing has happened', () => {
  expect(summaryLines(new FakeController().store.getSnapshot(), null)).toEqual([]);
});
