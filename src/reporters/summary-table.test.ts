import { describe, expect, it } from 'vitest';
import { emptyRunState, type TestcaseState } from '../model/run-state.ts';
import { summaryTable } from './summary-table.ts';

const testcase = (change: Partial<TestcaseState>): TestcaseState => ({
  name: 'read',
  status: 'passed',
  passedCount: 5,
  failedCount: 0,
  durationMs: 1200,
  failures: [],
  reason: null,
  lane: null,
  ...change,
});

describe('summaryTable', () => {
  it('aligns its columns', () => {
    const testcases = [
      testcase({}),
      testcase({ name: 'fstatvfs', status: 'failed', passedCount: 254, failedCount: 2, durationMs: 98_000 }),
      testcase({ name: 'open', status: 'not-run', passedCount: 0, durationMs: null, reason: 'the server died' }),
      testcase({ name: 'chmod', status: 'pending', passedCount: 0, durationMs: null }),
    ];
    expect(summaryTable({ ...emptyRunState, testcases })).toMatchInlineSnapshot(`
      [
        "testcase  verdict                        assertions        time",
        "read      passed                                5/5       1.2 s",
        "fstatvfs  FAILED                            254/256  1 min 38 s",
        "open      not run                               0/0              the server died",
        "chmod     not run                               0/0",
        "total     1 passed, 1 failed, 2 not run     259/261  1 min 39 s",
      ]
    `);
  });

  it('is short where nothing ran and empty where nothing was selected', () => {
    expect(summaryTable({ ...emptyRunState, testcases: [testcase({ status: 'pending' }), testcase({ name: 'open', status: 'not-run' })] })).toEqual([
      'not run  read, open',
    ]);
    expect(summaryTable(emptyRunState)).toEqual([]);
  });
});
