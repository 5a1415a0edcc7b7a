import { expect, test } from 'vitest';
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
