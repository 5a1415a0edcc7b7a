/** Waits; rejects with the signal's reason when it fires. */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal.addEventListener('abort', abort, { once: true });
  });
}

/** Waits for something, but not longer than `ms`; says whether it happened. Leaves no timer behind. */
export async function within(ms: number, happening: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([happening.then(() => true), late]);
  } finally {
    clearTimeout(timer);
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

/**
 * Waits until a log grows, something comes to its end, or the time is over, whichever is first; rejects when the signal fires.
 * Leaves no listener behind.
 */
export async function nextChange({
  subscribe,
  until,
  signal,
  ms,
}: {
  readonly subscribe: (listener: () => void) => () => void;
  readonly until: Promise<unknown>;
  readonly signal: AbortSignal;
  readonly ms: number;
}): Promise<void> {
  const changed = Promise.withResolvers<void>();
  const unsubscribe = subscribe(changed.resolve);
  const timer = new AbortController();
  const timeUp = delay(ms, AbortSignal.any([signal, timer.signal]));
  timeUp.catch(() => {});
  try {
    await Promise.race([changed.promise, until, timeUp]);
  } finally {
    unsubscribe();
    timer.abort();
  }
}
