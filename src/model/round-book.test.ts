import { describe, expect, it } from 'vitest';
import type { Phase, RunEvent, Verdict } from './events.ts';
import { describeResults, describeTimes, RoundBook } from './round-book.ts';
import type { TestcaseState } from './run-state.ts';
import type { Outcome } from './verdict.ts';

const selection = ['read', 'write', 'open'];
const end = (exitCode: Outcome['exitCode']): Outcome => ({ exitCode, reason: '', hint: null, log: null });
const tested = (statuses: Record<string, TestcaseState['status']>): TestcaseState[] =>
  Object.entries(statuses).map(([name, status]) => ({
    name,
    status,
    passedCount: 0,
    failedCount: 0,
    durationMs: null,
    failures: [],
    reason: null,
    lane: null,
  }));
const phase = (name: Phase, atMs: number, outcome: 'ok' | 'cancelled' = 'ok'): RunEvent => ({
  type: 'phase.finished',
  phase: name,
  outcome,
  durationMs: 1,
  detail: null,
  runId: 'r',
  lane: 0,
  time: '',
  atMs,
});

/** Plays a round to its end. */
function play(book: RoundBook, statuses: Record<string, TestcaseState['status']>, exitCode: Outcome['exitCode'] = 0) {
  book.begin({ changed: ['a.c'], waitedMs: 0 });
  const finished = book.finish(end(exitCode), tested(statuses), 0);
  return finished === null ? null : describeResults(finished);
}

describe('testcases of the next round', () => {
  it('are those that have not passed; all, when every one has', () => {
    const book = new RoundBook();
    expect(book.next(selection)).toEqual(selection);
    play(book, { read: 'passed', write: 'failed', open: 'not-run' }, 1);
    expect(book.next(selection)).toEqual(['write', 'open']);
    play(book, { write: 'passed', open: 'passed' });
    expect(book.next(selection)).toEqual(selection);
  });

  it('are not those that fail as known', () => {
    const book = new RoundBook();
    expect(play(book, { read: 'failed', write: 'passed', open: 'known' }, 1)).toBe('failed read; 2 passed');
    expect(book.next(selection)).toEqual(['read']);
  });

  it('are known from runs that are no rounds, too', () => {
    const book = new RoundBook();
    expect(book.finish(end(1), tested({ write: 'failed', read: 'passed', open: 'passed' }), 0)).toBeNull();
    expect(book.next(selection)).toEqual(['write']);
  });

  it('an overtaken round keeps what it found and forgets nothing', () => {
    const book = new RoundBook();
    play(book, { read: 'passed', write: 'passed', open: 'passed' });
    play(book, { read: 'passed', write: 'failed', open: 'pending' }, 130);
    expect(book.next(selection)).toEqual(['write']);
    expect(play(book, { write: 'passed' })).toBe('newly passed write');
    expect(book.next(selection)).toEqual(selection);
  });

  it('a first round that was overtaken leaves the rest to the next', () => {
    const book = new RoundBook();
    play(book, { read: 'passed', write: 'running', open: 'pending' }, 130);
    expect(book.next(selection)).toEqual(['write', 'open']);
  });

  it('a build that fails says nothing of testcases; a server that dies does', () => {
    const book = new RoundBook();
    play(book, { read: 'passed', write: 'passed', open: 'passed' });
    play(book, { read: 'pending', write: 'pending', open: 'pending' }, 3);
    expect(book.next(selection)).toEqual(selection);
    play(book, { read: 'passed', write: 'not-run', open: 'not-run' }, 4);
    expect(book.next(selection)).toEqual(['write', 'open']);
  });
});

it('says what changed against the round before', () => {
  const book = new RoundBook();
  expect(play(book, { read: 'passed', write: 'failed', open: 'passed' }, 1)).toBe('failed write; 2 passed');
  expect(play(book, { read: 'failed', write: 'failed', open: 'passed' }, 1)).toBe('newly failed read; still failing write; 1 still passing');
  expect(play(book, { read: 'passed', write: 'pending' }, 4)).toBe('newly passed read; not run write');
  const verdicts: (Verdict | null)[] = ['passed', 'failed', 'not-run', null];
  // No result goes unmentioned.
  for (const before of verdicts)
    for (const now of ['passed', 'failed', 'not-run'] as const) expect(describeResults({ results: [{ testcase: 'x', before, now }] })).not.toBe('');
});

it('says how long each part took', () => {
  const book = new RoundBook();
  expect(book.begin({ changed: [], waitedMs: 250 })).toEqual({ number: 1, changed: [], waitedMs: 250 });
  for (const event of [phase('server-image', 1_200), phase('server', 2_000), phase('suite', 4_500)]) book.observe(event);
  const finished = book.finish(end(0), [], 4_510);
  expect(finished).toMatchObject({ buildMs: 1_200, restartMs: 800, testsMs: 2_500, totalMs: 4_760 });
  expect(finished && describeTimes(finished)).toBe('4.8 s: build 1.2 s, restart 0.8 s, tests 2.5 s');
});

it('has no time for what a round did not come to', () => {
  const book = new RoundBook();
  book.begin({ changed: [], waitedMs: 0 });
  book.observe(phase('suite', 900));
  expect(book.finish(end(0), [], 900)).toMatchObject({ number: 1, buildMs: null, restartMs: null, testsMs: 900 });
  book.begin({ changed: [], waitedMs: 0 });
  book.observe(phase('server-image', 100, 'cancelled'));
  const cut = book.finish(end(130), [], 110);
  expect(cut).toMatchObject({ number: 2, buildMs: null, restartMs: null, testsMs: null });
  expect(cut && describeTimes(cut)).toBe('0.1 s');
});
