import { describe, expect, it } from 'vitest';
import { emptyRunState, type RunState, type TestcaseState } from '../model/run-state.ts';
import { closingLines, describeServer, describeSuite, reproduction } from './describe.ts';

const testcase = (name: string, status: TestcaseState['status']): TestcaseState => ({
  name,
  status,
  passedCount: 0,
  failedCount: 0,
  durationMs: null,
  failures: [],
  reason: null,
  lane: null,
});
const state: RunState = {
  ...emptyRunState,
  server: { name: 'arcticwolf', title: 'Arctic Wolf', image: 'arcticwolf:dev' },
  nfsVersion: '3',
  suite: { kind: 'nfstest', version: null, source: '/src' },
  testcases: [testcase('read', 'passed'), testcase('open', 'passed')],
};

describe('reproduction', () => {
  it('names everything that was tested', () => {
    expect(reproduction(state)).toBe(
      'nfstest-tui --ci --image-name=arcticwolf --image-tag=dev --nfs-version=3 --suite=nfstest --nfstest-src=/src --testcase=read,open',
    );
  });

  it('only the failed testcases where there are some, and no usual tag', () => {
    const failed = {
      ...state,
      testcases: [testcase('read', 'passed'), testcase('open', 'failed')],
      server: { name: 'g', title: 'G', image: 'host:5000/g:latest' },
    };
    expect(reproduction(failed)).toBe('nfstest-tui --ci --image-name=g --nfs-version=3 --suite=nfstest --nfstest-src=/src --testcase=open');
  });

  it('is none for what was no run of this program', () => {
    expect(reproduction({ ...state, server: null })).toBeNull();
  });
});

it('never names one suite for the other', () => {
  expect(describeSuite({ kind: 'nfstest', version: 'v3.2', source: '' })).toBe('upstream NFStest v3.2');
  expect(describeSuite({ kind: 'bundled', version: '0.1.0', source: '' })).toBe('bundled suite (not upstream NFStest) 0.1.0');
  expect(describeSuite(null)).toBe('unknown suite');
  expect(describeServer(null)).toBe('unknown server');
});

it.each([
  [{ exitCode: 0, reason: '3 testcases passed', hint: null }, true, ['NFS Test PASSED']],
  [{ exitCode: 1, reason: '1 of 3 testcases failed (open)', hint: null }, true, ['NFS Test FAILED: 1 of 3 testcases failed (open)']],
  [{ exitCode: 3, reason: 'no engine', hint: 'run setup' }, true, ['NFS Test FAILED: no engine', 'run setup']],
  [{ exitCode: 0, reason: 'built', hint: null }, false, ['built']],
  [{ exitCode: 3, reason: 'no engine', hint: 'run setup' }, false, ['FAILED: no engine', 'run setup']],
])('%j', (result, tested, lines) => {
  expect(closingLines(result, tested)).toEqual(lines);
});
