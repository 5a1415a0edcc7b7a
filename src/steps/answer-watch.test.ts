import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { untilSilent } from './answer-watch.ts';

const silenceMs = 20_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Watches one who answers an ask after `delayMs`, or not at all (null), as it is at the time of the ask. */
function watch(answer: () => number | 'refused' | null, lastSignMs: () => number = () => 0) {
  const abort = new AbortController();
  const startMs = performance.now();
  let asks = 0;
  let found: { readonly missedCount: number; readonly silentMs: number; readonly atMs: number } | null | undefined;
  const ask = (timeoutMs: number) => {
    asks += 1;
    const delayMs = answer();
    if (delayMs === 'refused') return Promise.resolve(false);
    return new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(delayMs !== null && delayMs <= timeoutMs), Math.min(delayMs ?? timeoutMs, timeoutMs));
    });
  };
  void untilSilent({ ask, silenceMs, lastSignMs, signal: abort.signal }).then((silence) => {
    found = silence && { ...silence, atMs: performance.now() - startMs };
  });
  return { abort, found: () => found, asks: () => asks };
}

describe('a silence', () => {
  it('is found within six fifths of the time that was allowed', async () => {
    let alive = true;
    const watched = watch(() => (alive ? 5 : null));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(watched.found()).toBeUndefined();
    alive = false;
    await vi.advanceTimersByTimeAsync(19_000);
    expect(watched.found()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(watched.found()).toMatchObject({ missedCount: 5, silentMs: 23_995 });
  });

  it('is none where a busy one answers late, but does', async () => {
    const watched = watch(() => 15_000);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(watched.found()).toBeUndefined();
    expect(watched.asks()).toBeGreaterThan(50);
  });

  it('is none where there are other signs of life', async () => {
    const watched = watch(
      () => null,
      () => performance.now() - 3_000,
    );
    await vi.advanceTimersByTimeAsync(300_000);
    expect(watched.found()).toBeUndefined();
  });

  it('is found in one who refuses every ask at once, and no sooner', async () => {
    const watched = watch(() => 'refused');
    await vi.advanceTimersByTimeAsync(19_999);
    expect(watched.found()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(4_001);
    expect(watched.found()).toMatchObject({ missedCount: 5 });
  });

  it('is not looked for any more when the signal fires', async () => {
    const watched = watch(() => null);
    await vi.advanceTimersByTimeAsync(5_000);
    watched.abort.abort();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(watched.found()).toBeNull();
    expect(watched.asks()).toBeLessThan(4);
  });
});
