import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SilenceWatch } from './silence-watch.ts';

let silentCount = 0;
let watch: SilenceWatch;
beforeEach(() => {
  vi.useFakeTimers();
  silentCount = 0;
  watch = new SilenceWatch(10_000, () => {
    silentCount += 1;
  });
});
afterEach(() => {
  watch.end();
  vi.useRealTimers();
});

it('tells once, when nothing was heard for that long', () => {
  vi.advanceTimersByTime(9_999);
  expect(silentCount).toBe(0);
  vi.advanceTimersByTime(1);
  expect(silentCount).toBe(1);
  vi.advanceTimersByTime(60_000);
  expect(silentCount).toBe(1);
});

it('counts from what was heard last', () => {
  vi.advanceTimersByTime(9_000);
  watch.heard();
  vi.advanceTimersByTime(9_999);
  expect(silentCount).toBe(0);
  vi.advanceTimersByTime(1);
  expect(silentCount).toBe(1);
});

it('a process that was stopped for an hour does not judge at once', () => {
  vi.advanceTimersByTime(1_000);
  // The clock goes on, and the timer that is overdue fires once.
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.advanceTimersToNextTimer();
  expect(silentCount).toBe(0);
  watch.heard();
  vi.advanceTimersByTime(9_999);
  expect(silentCount).toBe(0);
});

it('is silent after its end', () => {
  watch.end();
  vi.advanceTimersByTime(60_000);
  expect(silentCount).toBe(0);
});
