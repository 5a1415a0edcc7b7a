import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; rejects with the signal's reason when it fires. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
}
