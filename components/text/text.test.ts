import { describe, expect, test } from 'vitest';
import { themeFor } from '../theme/theme.ts';
import { cleanLine } from './clean.ts';
import { bottomEdge, topEdge } from './frame.ts';
import { fitLine, justify, lineWidth, plainText, span } from './line.ts';
import { paintLine } from './lines.tsx';
import { fit, shorten, wrapText } from './width.ts';

describe('cleanLine', () => {
  test.each([
    ['plain', 'plain'],
    ['\u001B[1;31mred\u001B[0m', 'red'],
    ['a\tb', 'a       b'],
    ['漢\tb', '漢      b'],
    ['a\u0000b\u0007c\u0085d', 'abcd'],
    ['left\u202Eright\u200B', 'leftright'],
    ['broken \uD800', 'broken '],
    ['cut off \u001B[', 'cut off '],
  ])('%j becomes %j', (raw, clean) => expect(cleanLine(raw)).toBe(clean));

  test('cuts what no screen shows', () => expect(cleanLine('x'.repeat(100_000))).toHaveLength(4096));
});

describe('widths', () => {
  test.each([
    ['abcdef', 4, 'abc…'],
    ['abcd', 4, 'abcd'],
    ['漢字漢字', 5, '漢字…'],
    ['漢字漢字', 6, '漢字…'],
    ['abc', 0, ''],
  ])('%j in %i columns is %j', (text, width, short) => expect(shorten(text, width)).toBe(short));

  test('fit pads by columns', () => {
    expect(fit('漢', 4)).toBe('漢  ');
    expect(fit('7', 3, 'right')).toBe('  7');
  });

  test('wrapping prefers blanks and breaks words that are too long', () => {
    expect(wrapText('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrapText('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(wrapText('漢字漢字', 1)).toEqual(['漢', '字', '漢', '字']);
    expect(wrapText('', 5)).toEqual(['']);
  });
});

describe('lines', () => {
  const line = [span('ab', 'bold'), 'cd', span('ef', 'dim')];

  test.each([
    [8, 'abcdef  '],
    [6, 'abcdef'],
    [5, 'abcd…'],
    [4, 'abc…'],
    [2, 'a…'],
    [1, '…'],
    [0, ''],
  ])('fitted to %i columns', (width, text) => expect(plainText(fitLine(line, width))).toBe(text));

  test('the left part gives way', () => expect(plainText(justify(['a long text'], ['12'], 8))).toBe('a lon…12'));

  test.each([20, 12, 6])('a frame of %i columns has a title and a note that fit', (width) => {
    expect(lineWidth(topEdge({ text: ['A long title'], width, focused: true }))).toBe(width);
    expect(lineWidth(bottomEdge({ text: ['note'], width, focused: false }))).toBe(width);
    expect(lineWidth(bottomEdge({ text: [], width, focused: false }))).toBe(width);
  });
});

describe('themes', () => {
  const painted = (environment: Record<string, string>) => paintLine([span('✔', 'failed'), '│'], themeFor(environment));

  test('colours are among the sixteen', () => expect(painted({ TERM: 'xterm' })).toBe('\u001B[1m\u001B[31m✔\u001B[39m\u001B[22m│'));
  test('NO_COLOR keeps what is no colour', () => expect(painted({ TERM: 'xterm', NO_COLOR: '1' })).toBe('\u001B[1m✔\u001B[22m│'));
  test('a dumb terminal gets ASCII alone', () => expect(painted({ TERM: 'dumb' })).toBe('+|'));
  test('so does a locale of another character set', () =>
    expect(painted({ TERM: 'vt220', LANG: 'de_DE.ISO8859-1', NO_COLOR: '1' })).toBe('\u001B[1m+\u001B[22m|'));
  test('a locale without one is taken for UTF-8', () => expect(painted({ TERM: 'dumbest', LC_ALL: 'C' })).toContain('✔'));
});
