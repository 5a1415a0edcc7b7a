import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; rejects with the signal's reason when it fires. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
}

/** Waits for something, but not longer than `ms`; says whether it happened. Leaves no timer behind. */
export async function within(ms: number, happening: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  try {
    return await Promise.race([happening.then(() => true), sleep(ms, false, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}

/** Resolves when the signal fires. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** What the work comes to; null as soon as the signal fires. Leaves no listener behind. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | null> {
  const done = new AbortController();
  const gone = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true, signal: done.signal });
  });
  try {
    return await Promise.race([work, gone]);
  } finally {
    done.abort();
  }
}
