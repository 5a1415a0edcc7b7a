import { describe, expect, it } from 'vitest';
import { closest, didYouMean, editDistance } from './suggest.ts';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['open', 'open', 0],
    ['', 'read', 4],
    ['opne', 'open', 1],
    ['opn', 'open', 1],
    ['kitten', 'sitting', 3],
  ])('%s -> %s is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe('closest', () => {
  it('finds what was meant', () => {
    expect(closest('opne', ['close', 'open', 'opendir'])).toBe('open');
    expect(closest('READ', ['write', 'read'])).toBe('read');
    expect(closest('--nfs-verson', ['--nfs-version', '--json'])).toBe('--nfs-version');
  });

  it('says nothing where nothing is near', () => {
    expect(closest('xyzzy', ['open', 'close'])).toBeNull();
    expect(closest('a', [])).toBeNull();
    // Three letters, two slips: a guess, not a suggestion.
    expect(closest('cat', ['dog', 'sat2'])).toBeNull();
  });

  it('makes the end of a message', () => {
    expect(didYouMean('chmdo', ['chmod'])).toBe("; did you mean 'chmod'?");
    expect(didYouMean('frobnicate', ['chmod'])).toBe('');
  });
});
