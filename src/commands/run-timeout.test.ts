import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { PhaseState } from '../model/run-state.ts';
import type { Outcome } from '../model/verdict.ts';
import { watchRunTime } from './run-timeout.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const phase = (name: PhaseState['phase'], status: PhaseState['status'], progress: string | null = null): PhaseState => ({
  ...{ phase: name, lane: 0, status, durationMs: null, detail: null, progress },
});

it('a run past its time is stopped, says what was under way, and is forced two minutes later', async () => {
  const stops: Outcome[] = [];
  const phases = [phase('server-image', 'ok'), phase('vm', 'running', 'Booting'), phase('server', 'running')];
  watchRunTime(
    3_600_000,
    () => ({ phases }),
    (outcome) => stops.push(outcome),
  );
  await vi.advanceTimersByTimeAsync(3_599_999);
  expect(stops).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(stops).toMatchObject([
    {
      exitCode: 3,
      reason: 'the whole run took longer than 3600 s; under way: start client VM (Booting), start server',
      hint: expect.stringContaining('--run-timeout'),
    },
  ]);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(stops).toHaveLength(2);
});

it('a run that ends in time is left alone', async () => {
  const stops: Outcome[] = [];
  const end = watchRunTime(
    1_000,
    () => ({ phases: [] }),
    (outcome) => stops.push(outcome),
  );
  end();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(stops).toEqual([]);
});
