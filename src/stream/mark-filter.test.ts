import { describe, expect, it } from 'vitest';
import { MarkFilter } from './mark-filter.ts';

/** What is passed on of these chunks, and what `push` says of each. */
function passed(chunks: readonly string[], from: 'start' | 'mark' = 'start', mark = 'abac') {
  let text = '';
  const filter = new MarkFilter(
    mark,
    (chunk) => {
      text += Buffer.from(chunk).toString();
    },
    { from },
  );
  const found = chunks.map((chunk) => filter.push(Buffer.from(chunk)));
  const end = () => {
    filter.end();
    return text;
  };
  return { text, found, end };
}

describe('MarkFilter', () => {
  it.each<[string[], string]>([
    [['one\ntwoabac'], 'one\ntwo'],
    [['one', 'two', 'abac'], 'onetwo'],
    [['twoa', 'ba', 'c'], 'two'],
    [['two', ...'abac'], 'two'],
    [['aba', 'bac'], 'ab'],
    [['twoabacwhat a child prints', 'later'], 'two'],
    [['abac'], ''],
  ])('%j is passed on up to the mark', (chunks, text) => {
    const result = passed(chunks);
    expect(result.text).toBe(text);
    expect(result.found.at(-1)).toBe(true);
    expect(result.end()).toBe(text);
  });

  it.each<[string[], string, string]>([
    [['line\n'], 'line\n', ''],
    [['lineaba'], 'line', 'aba'],
    [['lineab', 'a'], 'line', 'aba'],
    [['lineaba', 'x'], 'lineabax', ''],
  ])('%j holds back only what may be the mark', (chunks, text, held) => {
    const result = passed(chunks);
    expect(result.text).toBe(text);
    expect(result.found).not.toContain(true);
    expect(result.end()).toBe(text + held);
  });

  it.each<[string[], string, boolean]>([
    [['earlierabac', 'two', 'abac'], 'two', true],
    [['earlierab', 'actwoab', 'aclater'], 'two', true],
    [['earlier', 'aba'], '', false],
    [['earlierabacabac'], '', true],
    [['earlierabactwoab'], 'twoab', false],
  ])('%j is passed on between the marks', (chunks, text, isWhole) => {
    const result = passed(chunks, 'mark');
    expect(result.found.at(-1)).toBe(isWhole);
    expect(result.end()).toBe(text);
  });

  it('whatever comes, in whatever pieces', () => {
    for (let seed = 1; seed < 300; seed++) {
      let state = seed;
      const next = (below: number) => {
        state = (state * 48_271) % 2_147_483_647;
        return state % below;
      };
      const before = Array.from({ length: next(40) }, () => 'ab'[next(2)]).join('');
      const whole = `${before}abac`;
      const chunks: string[] = [];
      for (let at = 0; at < whole.length; ) {
        const length = 1 + next(6);
        chunks.push(whole.slice(at, at + length));
        at += length;
      }
      expect(passed(chunks).end(), `seed ${seed}`).toBe(before);
    }
  });
});
