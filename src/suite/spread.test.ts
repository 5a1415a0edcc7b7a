import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalog } from './catalog.ts';
import { spread } from './spread.ts';

const all = catalog.map(({ name }) => name);
const unknown = () => null;

describe('spread', () => {
  test('the two long testcases go to different parts, without any record of them', () => {
    const [first = [], second = []] = spread(all, 2, unknown);
    expect(first.includes('open')).not.toBe(first.includes('chmod'));
    expect([...first, ...second].sort()).toEqual([...all].sort());
  });

  test('the longest first, by what they took', () => {
    const took: Record<string, number> = { access: 1_000, read: 1_000, stat: 1_000, write: 3_000 };
    expect(spread(['access', 'read', 'stat', 'write'], 2, (name) => took[name] ?? null)).toEqual([['write'], ['access', 'read', 'stat']]);
  });

  test('what was never measured is put to scale by what was', () => {
    // open is 40 times as long as mkdir as a rule: with mkdir at 100 ms it outweighs stat's 3 s.
    const took: Record<string, number> = { mkdir: 100, rmdir: 100, stat: 100, unlink: 100 };
    expect(spread(['mkdir', 'rmdir', 'stat', 'unlink', 'open'], 2, (name) => took[name] ?? null)).toEqual([['open'], ['mkdir', 'rmdir', 'stat', 'unlink']]);
  });

  test('more parts than testcases: some are empty', () => {
    expect(spread(['read'], 3, unknown)).toEqual([['read'], [], []]);
  });

  test('whatever the durations: nothing is lost or doubled, each part is in the suite’s order, none is above twice its share and the longest', () => {
    const durations = fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: all.length, maxLength: all.length });
    fc.assert(
      fc.property(durations, fc.integer({ min: 1, max: 8 }), (ms, parts) => {
        const durationOf = (name: string) => ms[all.indexOf(name)] ?? null;
        const shares = spread(all, parts, durationOf);
        expect(shares).toHaveLength(parts);
        expect(shares.flat().sort()).toEqual([...all].sort());
        const cost = (names: readonly string[]) => names.reduce((sum, name) => sum + (durationOf(name) ?? 0), 0);
        for (const share of shares) {
          expect([...share].sort((a, b) => all.indexOf(a) - all.indexOf(b))).toEqual(share);
          // Source: Graham's bound for the longest-first rule, which is below an even share and the longest together.
          expect(cost(share)).toBeLessThanOrEqual(cost(all) / parts + Math.max(...ms));
        }
      }),
    );
  });
});
