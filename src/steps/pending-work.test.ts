import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { PendingWork } from './pending-work.ts';
import { aborted, delay, within } from './wait.ts';

it('settle waits for everything under way, well or badly, also for what joins meanwhile', async () => {
  const work = new PendingWork();
  const ended: string[] = [];
  const later = (name: string, ms: number) => sleep(ms).then(() => ended.push(name));
  void work.track(later('first', 10).then(() => work.track(later('joined', 10))));
  const failing = work.track(later('failing', 5).then(() => Promise.reject(new Error('no'))));
  failing.catch(() => {});
  await work.settle();
  expect(ended).toEqual(['failing', 'first', 'joined']);
  await work.settle();
});

it('delay rejects with the reason of the signal', async () => {
  await delay(1, new AbortController().signal);
  const reason = new Error('interrupted');
  await expect(delay(10_000, AbortSignal.abort(reason))).rejects.toBe(reason);
});

it('within says whether it happened in time', async () => {
  expect(await within(1_000, Promise.resolve())).toBe(true);
  expect(await within(1, new Promise(() => {}))).toBe(false);
  await expect(within(1_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
});

it('aborted resolves once the signal fires', async () => {
  expect(await within(5, aborted(new AbortController().signal))).toBe(false);
  expect(await within(1_000, aborted(AbortSignal.timeout(5)))).toBe(true);
  expect(await within(1_000, aborted(AbortSignal.abort()))).toBe(true);
});
