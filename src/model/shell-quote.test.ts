import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellQuote } from './shell-quote.ts';

describe('shellQuote', () => {
  it.each([
    ['plain-word.txt', 'plain-word.txt'],
    ['', "''"],
    ['a b', "'a b'"],
    ["it's", String.raw`'it'\''s'`],
    ['opts|info', "'opts|info'"],
  ])('%j', (word, quoted) => {
    expect(shellQuote(word)).toBe(quoted);
  });

  it('comes back out of a real shell as it was', () => {
    for (const word of ['$HOME', '`id`', '"', "''", '\\', 'a\nb', '*', '~', '!', '#']) {
      expect(execFileSync('sh', ['-c', `printf %s ${shellQuote(word)}`], { encoding: 'utf8' })).toBe(word);
    }
  });
});
