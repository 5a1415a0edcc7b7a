import { expect, test } from 'vitest';
import { type Extent, scrollBy, topOf } from './scroll.ts';

const log: Extent = { first: 101, end: 201, height: 10, rests: 'bottom' };
const text: Extent = { first: 0, end: 30, height: 10, rests: 'top' };

test('a log rests at its end, a text at its beginning', () => {
  expect(topOf(null, log)).toBe(191);
  expect(topOf(null, text)).toBe(0);
});

test('scrolling up holds the log, coming back to the end lets it go on', () => {
  const held = scrollBy(null, -5, log);
  expect(held).toBe(186);
  expect(topOf(held, { ...log, end: 501 })).toBe(186);
  expect(scrollBy(held, 5, log)).toBeNull();
  expect(scrollBy(held, 99, log)).toBeNull();
});

test('a position that the log has dropped becomes its first line', () => {
  expect(topOf(50, log)).toBe(101);
  expect(scrollBy(null, -1000, log)).toBe(101);
});

test('what fits does not scroll', () => {
  const short: Extent = { first: 1, end: 4, height: 10, rests: 'bottom' };
  expect(scrollBy(null, -3, short)).toBeNull();
  expect(scrollBy(null, 3, { ...short, rests: 'top' })).toBeNull();
});

test('a text scrolls down to its last page', () => {
  expect(scrollBy(null, 99, text)).toBe(20);
  expect(scrollBy(20, -20, text)).toBeNull();
});
