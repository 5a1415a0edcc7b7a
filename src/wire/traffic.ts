import { isOk, type TrafficTotals, type WireCall } from '../model/wire.ts';

/** Counts words; the most frequent first, equal ones by name. */
function count(words: readonly string[]): { readonly word: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, number]) => ({ word, count: number })).sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1));
}

/** The smallest value that so many percent do not exceed (nearest rank). */
const percentile = (sorted: readonly number[], percent: number): number => sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;

/** A testcase's calls in numbers. */
export function totalsOfCalls(calls: readonly Pick<WireCall, 'call' | 'status' | 'latencyMs'>[]): TrafficTotals {
  const latencies = calls.flatMap(({ latencyMs }) => (latencyMs === null ? [] : [latencyMs])).sort((a, b) => a - b);
  const statuses = calls.flatMap(({ status }) => (status === null || isOk(status) ? [] : [status]));
  return {
    calls: calls.length,
    procedures: count(calls.flatMap(({ call }) => call.split(' '))).map(({ word, count: number }) => ({ name: word, count: number })),
    errors: count(statuses).map(({ word, count: number }) => ({ status: word, count: number })),
    latencyMs: latencies.length === 0 ? null : { p50: percentile(latencies, 50), p99: percentile(latencies, 99) },
  };
}
