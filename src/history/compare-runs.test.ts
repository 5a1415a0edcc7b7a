import { describe, expect, it } from 'vitest';
import { compareRuns, hasNewFailures } from './compare-runs.ts';
import { type FakeTestcase, fakeSummary } from './fake-summary.ts';

type Side = Parameters<typeof fakeSummary>[1];
const compare = (before: Side, after: Side) => compareRuns(fakeSummary('a', before), fakeSummary('b', after));
const names = (changes: readonly { readonly testcase: string }[]) => changes.map(({ testcase }) => testcase);
const failed = (...failures: string[]): FakeTestcase => ({ verdict: 'failed', failures });

describe('compareRuns', () => {
  it('tells verdicts apart', () => {
    const comparison = compare(
      { a: 'passed', b: failed('x'), c: 'passed', d: 'not-run', e: 'passed', f: 'known' },
      { a: failed('x'), b: 'passed', c: 'passed', d: failed('y'), e: 'not-run', f: 'passed', g: failed('z') },
    );
    expect(names(comparison.newlyFailing)).toEqual(['a', 'd', 'g']);
    expect(names(comparison.newlyPassing)).toEqual(['b', 'f']);
    expect(names(comparison.lost)).toEqual(['e']);
    expect(comparison).toMatchObject({ onlyBefore: [], onlyAfter: ['g'], unchanged: 1 });
    expect(hasNewFailures(comparison)).toBe(true);
  });

  it('another assertion of a testcase that failed before is a new failure', () => {
    const comparison = compare({ a: failed('one (3 passed, 1 failed)') }, { a: failed('one (2 passed, 2 failed)', 'two') });
    expect(comparison.newlyFailing).toMatchObject([{ testcase: 'a', before: 'failed', newFailures: ['two'] }]);
  });

  it('the same failure, one that is known, or one that passes now is none', () => {
    expect(hasNewFailures(compare({ a: failed('one'), b: failed('x') }, { a: failed('one', 'known two'), b: 'passed' }))).toBe(false);
    expect(hasNewFailures(compare({ a: 'passed' }, { a: { verdict: 'known', failures: ['known x'] } }))).toBe(false);
  });

  it('a failure that was known and is not any more is new', () => {
    expect(hasNewFailures(compare({ a: { verdict: 'known', failures: ['known x'] } }, { a: failed('x') }))).toBe(true);
  });

  it('what the suite’s files are called is no difference', () => {
    const gone = (time: string) => failed(`FileNotFoundError: '/mnt/nfstest_posix_20261125_${time}_2c32_rename/f002/new'`);
    expect(hasNewFailures(compare({ a: gone('085555') }, { a: gone('090012') }))).toBe(false);
  });

  it('of two suites only the verdicts: their assertions and times are not the same', () => {
    const [before, after] = [
      fakeSummary('a', { a: failed('one'), b: 'passed', c: { verdict: 'passed', durationMs: 1000 } }),
      fakeSummary('b', { a: failed('another'), b: failed('x'), c: { verdict: 'passed', durationMs: 60_000 } }),
    ];
    expect(names(compareRuns(before, after).newlyFailing)).toEqual(['a', 'b']);
    expect(compareRuns(before, after, { sameSuite: false })).toMatchObject({ newlyFailing: [{ testcase: 'b', newFailures: [] }], slower: [] });
  });

  it.each([
    [10_000, 16_000, true],
    [10_000, 14_000, false],
    [100, 1000, false],
    [100, 2200, true],
    [null, 9000, false],
  ])('%s ms -> %i ms is slower: %s', (before, after, slower) => {
    const comparison = compare({ a: { verdict: 'passed', durationMs: before } }, { a: { verdict: 'passed', durationMs: after } });
    expect(names(comparison.slower)).toEqual(slower ? ['a'] : []);
    expect(hasNewFailures(comparison)).toBe(false);
  });
});
