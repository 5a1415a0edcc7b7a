import { expect, it } from 'vitest';
import { formatDuration } from './format.ts';

it.each([
  [0, '0.0 s'],
  [449, '0.4 s'],
  [52_100, '52.1 s'],
  [59_949, '59.9 s'],
  [59_950, '1 min 00 s'],
  [98_954, '1 min 39 s'],
  [3_599_400, '59 min 59 s'],
  [3_599_600, '1 h 00 min'],
  [3_725_000, '1 h 02 min'],
])('%i ms is %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});
