import { catalog } from './catalog.ts';

/** Seconds that testcases of NFStest take relative to each other on an emulated client; those not named take about 1. Source: full runs over NFSv3. */
const usualSeconds: Readonly<Record<string, number>> = { open: 40, chmod: 40, access: 3, fcntl: 2, rename: 2, lseek: 2, link: 2, write: 2, read: 2 };

/**
 * Cuts testcases into parts that take about the same time: the longest first, each to the part that has least.
 *
 * @param durationOf milliseconds that a testcase took before; null where that is not known.
 * @returns as many parts as asked for, some empty where there are fewer testcases; each in the suite's order.
 */
export function spread(testcases: readonly string[], parts: number, durationOf: (testcase: string) => number | null): readonly (readonly string[])[] {
  const known = testcases.flatMap((name) => {
    const ms = durationOf(name);
    return ms === null ? [] : [{ ms, usual: usualSeconds[name] ?? 1 }];
  });
  // What was never measured is put to scale by what was.
  const sum = (pick: (entry: { ms: number; usual: number }) => number) => known.reduce((total, entry) => total + pick(entry), 0);
  const scale =
    known.length === 0
      ? 1000
      : Math.max(
          1,
          sum(({ ms }) => ms),
        ) / sum(({ usual }) => usual);
  const cost = (name: string) => durationOf(name) ?? (usualSeconds[name] ?? 1) * scale;
  const shares = Array.from({ length: parts }, () => ({ names: [] as string[], costMs: 0 }));
  for (const name of [...testcases].sort((a, b) => cost(b) - cost(a))) {
    const least = shares.reduce((best, share) => (share.costMs < best.costMs ? share : best));
    least.names.push(name);
    least.costMs += cost(name);
  }
  const place = (name: string) => catalog.findIndex((testcase) => testcase.name === name);
  return shares.map(({ names }) => names.sort((a, b) => place(a) - place(b)));
}
