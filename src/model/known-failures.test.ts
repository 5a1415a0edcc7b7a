import { describe, expect, it } from 'vitest';
import type { EventBody, KnownFailure, RunEvent } from './events.ts';
import { ExitCode } from './exit-codes.ts';
import { entriesFor, matchesPattern, staleEntries } from './known-failures.ts';
import { emptyRunState, type RunState, reduce } from './run-state.ts';
import { outcomeOf, totalsOf } from './verdict.ts';

const entry = (more: Partial<KnownFailure> = {}): KnownFailure => ({
  testcase: 'open',
  message: 'open - O_EXCL|O_CREAT *',
  reason: 'the client’s kernel says EINVAL',
  nfs: [],
  kernel: [],
  suite: null,
  ...more,
});

interface RunOptions {
  readonly entries?: readonly KnownFailure[];
  readonly strict?: boolean;
  readonly nfsVersion?: string;
  readonly kernel?: string | null;
  readonly suite?: 'nfstest' | 'bundled';
}

function stateAfter(
  bodies: readonly EventBody[],
  { entries = [entry()], strict = false, nfsVersion = '3', kernel = '6.1.0-56', suite = 'nfstest' }: RunOptions = {},
): RunState {
  const before: readonly EventBody[] = [
    {
      type: 'run.started',
      server: { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' },
      nfsVersion,
      testcases: ['open', 'read'],
      program: '0.1.0',
    },
    { type: 'known-failures.read', source: 'ganesha.toml', strict, entries },
    { type: 'suite.resolved', suite: { kind: suite, version: null, source: 'x' } },
    ...(kernel === null ? [] : [{ type: 'client.connected', kernel } as const]),
  ];
  const stamp = { runId: 'x', lane: 0, time: '', atMs: 0 };
  return [...before, ...bodies].reduce<RunState>((state, body) => reduce(state, { ...body, ...stamp } as RunEvent), emptyRunState);
}

const assertion = (testcase: string, verdict: 'passed' | 'failed', message: string): EventBody => ({
  type: 'assertion.finished',
  testcase,
  verdict,
  message,
  passedCount: Number(verdict === 'passed'),
  failedCount: Number(verdict === 'failed'),
  details: [],
});
const testcase = (name: string, verdict: 'passed' | 'failed', ...assertions: readonly EventBody[]): readonly EventBody[] => [
  { type: 'testcase.started', testcase: name },
  ...assertions,
  { type: 'testcase.finished', testcase: name, verdict, passedCount: 0, failedCount: Number(verdict === 'failed'), durationMs: 1, reason: null },
];
const suiteEnd: EventBody = { type: 'suite.finished', exitCode: 1, durationMs: 1, printed: null };

const expected = assertion('open', 'failed', 'open - O_EXCL|O_CREAT on a file');
const read = testcase('read', 'passed', assertion('read', 'passed', 'read - one'));

describe('a failure that is expected', () => {
  it('is not known where the suite counted a failure that was not recorded', () => {
    const [started, ended] = testcase('open', 'failed');
    const known = assertion('open', 'failed', 'open - O_EXCL|O_CREAT on a file');
    const finished = (failedCount: number) => [started, known, { ...ended, failedCount }] as EventBody[];
    expect(stateAfter(finished(1)).testcases[0]?.status).toBe('known');
    expect(stateAfter(finished(2)).testcases[0]?.status).toBe('failed');
  });

  it('is known, and the run passes although the suite says 1', () => {
    const state = stateAfter([...testcase('open', 'failed', expected), ...read, suiteEnd]);
    expect(state.testcases[0]).toMatchObject({ status: 'known', failures: [{ known: 'the client’s kernel says EINVAL' }] });
    expect(totalsOf(state.testcases)).toMatchObject({ passed: 1, failed: 0, known: 1, notRun: 0 });
    expect(outcomeOf(state)).toMatchObject({ exitCode: ExitCode.passed, reason: '1 testcase passed, 1 failed as known (open)' });
  });

  it('does not hide another failure of the same testcase', () => {
    const state = stateAfter([...testcase('open', 'failed', expected, assertion('open', 'failed', 'open - mode')), ...read, suiteEnd]);
    expect(state.testcases[0]?.status).toBe('failed');
    expect(state.testcases[0]?.failures.map(({ known }) => known !== null)).toEqual([true, false]);
    expect(outcomeOf(state).exitCode).toBe(ExitCode.testsFailed);
  });

  it('does not excuse another testcase that did not run', () => {
    expect(outcomeOf(stateAfter([...testcase('open', 'failed', expected), suiteEnd]))).toMatchObject({
      exitCode: ExitCode.testsFailed,
      reason: '1 of 2 testcases did not run',
    });
  });

  it('without it the suite’s exit code still counts', () => {
    const state = stateAfter([...testcase('open', 'passed'), ...read, suiteEnd]);
    expect(outcomeOf(state)).toMatchObject({ exitCode: ExitCode.testsFailed, reason: 'every testcase passed, but the suite exited with 1' });
  });

  it.each<[string, KnownFailure, RunOptions, boolean]>([
    ['its NFS version', entry({ nfs: ['>=4.0'] }), { nfsVersion: '3' }, false],
    ['its NFS version', entry({ nfs: ['>=4.0'] }), { nfsVersion: '4.1' }, true],
    ['its kernel', entry({ kernel: ['>=6.4'] }), { kernel: '6.1.0-56' }, false],
    ['its kernel', entry({ kernel: ['6.1', '>=6.4'] }), { kernel: '6.1.0-56' }, true],
    ['a kernel that is known', entry({ kernel: ['>=6.1'] }), { kernel: null }, false],
    ['its suite', entry({ suite: 'bundled' }), { suite: 'nfstest' }, false],
    ['its suite', entry({ suite: 'nfstest' }), { suite: 'nfstest' }, true],
    ['its testcase', entry({ testcase: 'read' }), {}, false],
    ['its message', entry({ message: 'open - mode' }), {}, false],
    ['any message', entry({ message: null }), {}, true],
  ])('holds only for %s', (_, one, options, known) => {
    const state = stateAfter([...testcase('open', 'failed', expected), ...read], { ...options, entries: [one] });
    expect(state.testcases[0]?.status).toBe(known ? 'known' : 'failed');
  });
});

describe('an expected failure that passes', () => {
  const passed = [...testcase('open', 'passed', assertion('open', 'passed', 'open - O_EXCL|O_CREAT on a file')), ...read];

  it('is told, and the run passes', () => {
    const state = stateAfter(passed);
    expect(staleEntries(state.known)).toMatchObject([{ testcase: 'open' }]);
    expect(outcomeOf(state).exitCode).toBe(ExitCode.passed);
  });

  it('fails a strict run', () => {
    expect(outcomeOf(stateAfter(passed, { strict: true }))).toMatchObject({
      exitCode: ExitCode.testsFailed,
      reason: '1 known failure passed (open: open - O_EXCL|O_CREAT *)',
      hint: 'remove what passes now from ganesha.toml, or leave out --strict',
    });
  });

  it('is none where the same pattern still fails somewhere', () => {
    const state = stateAfter([...testcase('open', 'failed', assertion('open', 'passed', 'open - O_EXCL|O_CREAT on a link'), expected), ...read]);
    expect(staleEntries(state.known)).toEqual([]);
  });

  it('is none where its assertion was not made: another suite, another version', () => {
    expect(staleEntries(stateAfter([...testcase('open', 'passed', assertion('open', 'passed', 'open - mode')), ...read]).known)).toEqual([]);
    expect(staleEntries(stateAfter(passed, { entries: [entry({ nfs: ['>=4.0'] })] }).known)).toEqual([]);
  });

  it('for a whole testcase: where it passes', () => {
    expect(staleEntries(stateAfter(passed, { entries: [entry({ message: null })] }).known)).toHaveLength(1);
  });
});

describe('entriesFor', () => {
  it('explains the same failures the next time, and nothing else', () => {
    const messages = [
      'open - O_EXCL|O_CREAT on a file (3 passed, 1 failed)',
      'open - O_EXCL|O_CREAT on a file',
      "EIO: '/mnt/nfstest_posix_20261125_035140_d_001'",
    ];
    const entries = entriesFor('open', messages, 'because', { nfsVersion: '3', clientKernel: '6.1.0-56-cloud-amd64', suiteKind: 'nfstest' });
    expect(entries.map(({ message, nfs, kernel, suite }) => [message, nfs, kernel, suite])).toEqual([
      ['open - O_EXCL|O_CREAT on a file', ['3'], ['6.1'], 'nfstest'],
      ["EIO: '/mnt/nfstest_posix_*'", ['3'], ['6.1'], 'nfstest'],
    ]);
    const again = testcase('open', 'failed', assertion('open', 'failed', "EIO: '/mnt/nfstest_posix_20261126_111111_d_007'"), expected);
    expect(stateAfter([...again, ...read], { entries }).testcases[0]?.status).toBe('known');
    expect(stateAfter([...again, ...read], { entries, nfsVersion: '4.1' }).testcases[0]?.status).toBe('failed');
  });
});

describe('matchesPattern', () => {
  it.each([
    ['a|b (c) [d]', 'a|b (c) [d]', true],
    ['ab (c) [d]', 'a|b (c) [d]', false],
    ['open - one', 'open - *', true],
    ['open - one', 'open', false],
    ['first\nsecond', 'first*', true],
    ['x.y', 'x?y', false],
    ['xay', 'x.y', false],
  ])('%j is like %j: %s', (text, pattern, expectedMatch) => {
    expect(matchesPattern(text, pattern)).toBe(expectedMatch);
  });
});
