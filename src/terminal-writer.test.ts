import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { terminalWriter } from './terminal-writer.ts';

function written(texts: readonly string[], isTTY: boolean): string {
  const parts: string[] = [];
  const write = terminalWriter({ isTTY, write: (text) => parts.push(text) });
  for (const text of texts) write(text);
  return parts.join('');
}

const log = ['\u001b[32mready\u001b[0m\n', '\u001b]52;c;cm0gLXJm\u0007copied\n', '\u001b]0;title\u001b\\\u001b[2J\u001b[1;1Hgone\r\n'];

describe('terminalWriter', () => {
  it('a log can colour a terminal and nothing else', () => {
    expect(written(log, true)).toBe('\u001b[32mready\u001b[0m\ncopied\ngone\n');
  });

  it('a command that comes in pieces is none', () => {
    const whole = log.join('');
    for (let at = 0; at <= whole.length; at++) {
      const text = written([whole.slice(0, at), whole.slice(at)], true);
      expect(stripVTControlCharacters(text)).not.toMatch(/(?!\n)\p{Cc}/u);
    }
  });

  it('a file gets the log as it is', () => expect(written(log, false)).toBe(log.join('')));
});
