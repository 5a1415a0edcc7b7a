import { describe, expect, it } from 'vitest';
import { inRanges, isVersionRange } from './version-range.ts';

describe('inRanges', () => {
  it.each([
    ['6.1.0-56-cloud-amd64', '6.1', true],
    ['6.12.3', '6.1', false],
    ['6.1.0-56-cloud-amd64', '>=6.1', true],
    ['6.1.55', '>=6.1.60', false],
    ['6.4.0', '>=6.1 <6.4', false],
    ['6.3.9', '>=6.1 <6.4', true],
    ['6.1.9', '<=6.1', true],
    ['6.1.9', '>6.1', false],
    ['10.0.1', '>=6', true],
    ['4.0', '4', true],
    ['4.2', '>=4.0', true],
    ['3', '>=4.0', false],
    ['3', '=3', true],
  ])('%s in %s: %s', (version, range, expected) => {
    expect(inRanges(version, [range])).toBe(expected);
  });

  it('any range will do, none holds everywhere', () => {
    expect(inRanges('4.1', ['3', '4.1'])).toBe(true);
    expect(inRanges('4.1', [])).toBe(true);
    expect(inRanges(null, [])).toBe(true);
  });

  it('what is not known lies in no range', () => {
    expect(inRanges(null, ['>=1'])).toBe(false);
    expect(inRanges('unknown', ['>=0'])).toBe(false);
  });
});

describe('isVersionRange', () => {
  it.each(['3', '>=4.0', '>=6.1 <6.4', ' 6.1 '])('%j', (text) => expect(isVersionRange(text)).toBe(true));
  it.each(['', 'new', '>= 6', '4.x', '^4', '>=6.1,<6.4'])('not %j', (text) => expect(isVersionRange(text)).toBe(false));
});
