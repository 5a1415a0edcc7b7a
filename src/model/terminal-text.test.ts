import { describe, expect, it } from 'vitest';
import { onlyColours, stripControls, stripSequences } from './terminal-text.ts';

const hostile = [
  ['OSC 52 (clipboard), ended by BEL', 'a\x1b]52;c;cm0gLXJm\x07b'],
  ['OSC 52, ended by ST', 'a\x1b]52;c;cm0gLXJm\x1b\\b'],
  ['OSC 0 (title)', 'a\x1b]0;gone\x07b'],
  ['a title in C1', 'a\x9d0;gone\x9cb'],
  ['cursor moves', 'a\x1b[2;1H\x1b[3A\x1b[sb'],
  ['a cleared screen', 'a\x1b[2J\x1b[Hb'],
  ['the other buffer', 'a\x1b[?1049hb'],
  ['a reset', 'a\x1bcb'],
  ['a device control string', 'a\x1bP+q544e\x1b\\b'],
  ['an application command', 'a\x1b_Gi=1;AAAA\x1b\\b'],
  ['a question that the terminal answers into the shell', 'a\x1b[6n\x1b[cb'],
  ['C1 CSI', 'a\x9b2Jb'],
  ['another character set', 'a\x1b(0b'],
  ['overprinting', 'a\r\b\x07\x0e\x7fb'],
  ['text that runs the other way', 'a\u202e\u2066b'],
] as const;

describe('stripControls and onlyColours', () => {
  it.each(hostile)('%s', (_, text) => {
    expect(stripControls(text)).toBe('ab');
    expect(onlyColours(text)).toBe('ab');
  });

  it.each([
    ['a clipboard without its end', '\x1b]52;c;aaaa', '52;c;aaaa'],
    ['a lone ESC at the end', 'a\x1b', 'a'],
    ['half a cursor move', 'a\x1b[12', 'a12'],
    ['a beginning in a string', '\x1b]0;\x1b]0;x\x07', '0;'],
  ])('%s leaves harmless text', (_, text, rest) => {
    expect(stripControls(text)).toBe(rest);
    expect(onlyColours(text)).toBe(rest);
  });

  it('keeps tabs, line ends, other scripts, and colours where they are wanted', () => {
    expect(stripControls('a\tb\ngrün 日本 👩‍👩‍👧')).toBe('a\tb\ngrün 日本 👩‍👩‍👧');
    expect(onlyColours('\x1b[1;31mred\x1b[0m \x1b[38:2::1:2:3mx')).toBe('\x1b[1;31mred\x1b[0m \x1b[38:2::1:2:3mx');
    expect(stripControls('\x1b[1;31mred\x1b[0m')).toBe('red');
  });

  it('takes time in proportion to the text, whatever it holds', () => {
    const startMs = performance.now();
    for (const piece of ['\x1b]', '\x1bP', '\x1b[', '\x1b[1;', '\x9b', '\x9d', '\x1b ', '\x1b\x1b]0;a']) {
      const text = piece.repeat(300_000);
      stripControls(text);
      stripSequences(text);
    }
    // Quadratic time would be hours.
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });
});
