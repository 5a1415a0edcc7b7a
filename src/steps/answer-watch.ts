import { delay } from './wait.ts';

/** A silence of so many asks is one of the server, whatever the clock says: a process that was stopped for a while has asked too little. */
const leastAsks = 3;
const asksPerSilence = 5;

export interface Silence {
  /** Asks in a row without an answer. */
  readonly missedCount: number;
  /** Milliseconds since the last sign of life. */
  readonly silentMs: number;
}

export interface AnswerWatch {
  /** Whether an answer came within that time; never rejects. */
  readonly ask: (timeoutMs: number) => Promise<boolean>;
  /** Longest time without a sign of life. */
  readonly silenceMs: number;
  /** Other signs of life: the time of the last one, by `performance.now()`. */
  readonly lastSignMs: () => number;
  readonly signal: AbortSignal;
}

/**
 * Asks five times per `silenceMs`, each ask with that much time for its answer, so that one who is slow is not taken for dead.
 * Resolves when nothing has come back for `silenceMs` (found out after 6/5 of it at the latest), or with null when the signal fires.
 */
export async function untilSilent({ ask, silenceMs, lastSignMs, signal }: AnswerWatch): Promise<Silence | null> {
  let answeredMs = performance.now();
  let askedAtMs: number[] = [];
  const lifeMs = () => Math.max(answeredMs, lastSignMs());
  while (!signal.aborted) {
    askedAtMs.push(performance.now());
    void ask(silenceMs).then((answered) => {
      if (answered) answeredMs = performance.now();
    });
    await delay(silenceMs / asksPerSilence, signal).catch(() => {});
    const last = lifeMs();
    askedAtMs = askedAtMs.filter((atMs) => atMs >= last);
    const silentMs = performance.now() - last;
    if (!signal.aborted && silentMs >= silenceMs && askedAtMs.length >= leastAsks) return { missedCount: askedAtMs.length, silentMs: Math.round(silentMs) };
  }
  return null;
}
