import { expect, test } from 'vitest';
import { figures } from './figures.ts';
import { slopeOf, trendOf } from './trend.ts';

const rounds = (count: number, value: (round: number) => number) => Array.from({ length: count }, (_, round) => value(round));
/** Noise that is the same each time. */
const noise = (round: number) => ((round * 7919) % 13) - 6;

test('a line has its slope', () => {
  expect(slopeOf([1, 3, 5, 7])).toBeCloseTo(2);
  expect(slopeOf([4])).toBe(0);
});

test('noise is flat, a leak beneath the same noise is not', () => {
  expect(
    trendOf(
      rounds(50, (round) => 100 + noise(round)),
      { growth: 10 },
    ).isFlat,
  ).toBe(true);
  expect(
    trendOf(
      rounds(50, (round) => 100 + noise(round) + round),
      { growth: 10 },
    ),
  ).toMatchObject({ isFlat: false });
});

test('what grows in the first rounds alone is a cache', () => {
  expect(
    trendOf(
      rounds(50, (round) => Math.min(round, 4) * 100),
      { growth: 10 },
    ).isFlat,
  ).toBe(true);
});

test('a real process’s lines are flat; with 20 KiB more per round they would not be', () => {
  // As measured, Node 24: V8 drops the code that only the start needed in round 6, and has learned most types in round 13.
  const first = [20.06, 20.2, 20.28, 20.32, 20.38, 16.17, 16.16, 16.19, 16.35, 16.42, 16.51, 16.52, 16.53, 16.53, 16.53, 16.54, 16.54, 16.54, 16.55, 16.55];
  // 50 rounds: it went on with 3 KiB per round.
  const heap = [...first, ...rounds(30, (round) => 16.55 + (round * 3) / 1024)];
  expect(trendOf(heap, figures.heapMiB).isFlat).toBe(true);
  expect(
    trendOf(
      heap.map((value, round) => value + (round * 20) / 1024),
      figures.heapMiB,
    ).isFlat,
  ).toBe(false);
  // Compiling ends by itself and the objects' line is not blurred by it.
  const code = [5.45, 5.84, 6.15, 6.3, 6.56, 5.73, 5.76, 5.89, 6.68, 6.74, 6.85, 6.91, 7, 7.01, 7.04, 7.09, 7.1, 7.15, 7.16, 7.16, 7.17, 7.24, 7.28, 7.3, 7.32];
  expect(trendOf(code, figures.codeMiB).isFlat).toBe(true);
  expect(trendOf(code, figures.heapMiB).isFlat).toBe(false);
});

test('one handle more in every tenth round is a leak', () => {
  expect(
    trendOf(
      rounds(50, (round) => 20 + Math.floor(round / 10)),
      { growth: 1 },
    ).isFlat,
  ).toBe(false);
});

test('what shrinks is flat', () => {
  expect(
    trendOf(
      rounds(20, (round) => 100 - round),
      { growth: 0 },
    ).isFlat,
  ).toBe(true);
});
