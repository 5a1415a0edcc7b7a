import { isOk, type TrafficTotals, type WireCall } from '../model/wire.ts';

class Counts {
  readonly #counts = new Map<string, number>();

  add(word: string, count = 1): void {
    this.#counts.set(word, (this.#counts.get(word) ?? 0) + count);
  }

  [Symbol.iterator](): IterableIterator<[string, number]> {
    return this.#counts.entries();
  }

  /** The most frequent first, equal ones by name. */
  sorted(): [string, number][] {
    return [...this.#counts].sort(([a, aCount], [b, bCount]) => bCount - aCount || (a < b ? -1 : 1));
  }
}

/** The smallest value that so many percent do not exceed (nearest rank). */
const percentile = (sorted: readonly number[], percent: number): number => sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;

/** A testcase's calls in numbers. */
export function totalsOfCalls(calls: readonly Pick<WireCall, 'call' | 'status' | 'latencyMs'>[]): TrafficTotals {
  const latencies: number[] = [];
  const [names, procedures, errors] = [new Counts(), new Counts(), new Counts()];
  for (const { call, status, latencyMs } of calls) {
    names.add(call);
    if (latencyMs !== null) latencies.push(latencyMs);
    if (status !== null && !isOk(status)) errors.add(status);
  }
  // Thousands of calls have a few names.
  for (const [call, count] of names) for (const name of call.split(' ')) procedures.add(name, count);
  latencies.sort((a, b) => a - b);
  return {
    calls: calls.length,
    procedures: procedures.sorted().map(([name, count]) => ({ name, count })),
    errors: errors.sorted().map(([status, count]) => ({ status, count })),
    latencyMs: latencies.length === 0 ? null : { p50: percentile(latencies, 50), p99: percentile(latencies, 99) },
  };
}
