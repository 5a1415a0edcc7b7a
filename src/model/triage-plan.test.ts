import { describe, expect, it } from 'vitest';
import { emptyRunState, type RunState, type TestcaseState } from './run-state.ts';
import { expectedTriageMs, newFailures, planTriage, triageLimits } from './triage-plan.ts';

const testcase = (name: string, status: TestcaseState['status'], durationMs: number | null = 1000): TestcaseState => ({
  ...{ name, status, durationMs, passedCount: 1, failedCount: 1, failures: [], reason: null, lane: 0 },
});
const phase = (name: RunState['phases'][number]['phase'], durationMs: number) =>
  ({ phase: name, lane: 0, status: 'ok', durationMs, detail: null, progress: null }) as const;

/** An environment that takes 2 s, and a suite that takes 3 s besides its testcases. */
function run(...testcases: TestcaseState[]): RunState {
  const suiteMs = 3000 + testcases.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
  return {
    ...emptyRunState,
    testcases,
    phases: [phase('server-image', 40_000), phase('server', 500), phase('vm', 1000), phase('connect', 500), phase('suite', suiteMs)],
  };
}
const failing = (count: number, durationMs = 1000) => run(...Array.from({ length: count }, (_, index) => testcase(`t${index}`, 'failed', durationMs)));

describe('how long it takes', () => {
  it('two environments and three places, without what was built; one and two without the reference', () => {
    const state = run(testcase('a', 'failed'), testcase('b', 'passed', 9000), testcase('c', 'known', 9000));
    expect(newFailures(state)).toEqual(['a']);
    expect(expectedTriageMs([state], true)).toBe(2 * 2000 + 3 * (3000 + 1000));
    expect(expectedTriageMs([state], false)).toBe(2000 + 2 * (3000 + 1000));
  });

  it('of a session’s runs each counts, with the environment that the first one started', () => {
    const later = { ...run(testcase('a', 'failed')), phases: [phase('suite', 4000)] };
    expect(expectedTriageMs([run(testcase('a', 'failed')), later], true)).toBe(2 * (2 * 2000 + 3 * 4000));
  });

  it('a testcase without a time may have taken all there was', () => {
    expect(expectedTriageMs([run(testcase('a', 'failed', null))], true)).toBe(2 * 2000 + 3 * (3000 + 3000));
  });
});

describe('whether it is done unasked', () => {
  it('few failures that take not long', () => {
    expect(planTriage('auto', [failing(1)], 'ready')).toEqual({ isWanted: true, withReference: true, expectedMs: 16_000, reason: null });
    expect(planTriage('auto', [failing(triageLimits.testcases)], 'ready').isWanted).toBe(true);
  });

  it.each([
    ['many', [failing(6)], 'ready', '6 testcases failed, and up to 5 are run again unasked'],
    ['many over several versions', [failing(3), failing(3)], 'ready', '6 testcases failed, and up to 5 are run again unasked'],
    ['a long one', [failing(1, 20_000)], 'ready', 'it would take about 1 min 13 s'],
  ] as const)('%s: no, and why', (_, runs, reference, reason) => {
    expect(planTriage('auto', runs, reference)).toMatchObject({ isWanted: false, reason });
    expect(planTriage('always', runs, reference)).toMatchObject({ isWanted: true, reason: null });
    expect(planTriage('never', runs, reference)).toMatchObject({ isWanted: false, reason: null });
  });

  it('the reference itself, without a second server', () => {
    expect(planTriage('auto', [failing(1)], 'same')).toMatchObject({ isWanted: true, withReference: false });
    expect(planTriage('always', [failing(1)], 'same')).toMatchObject({ isWanted: true, withReference: false });
  });

  it('a reference that has to be built is left out, and built where it is asked for', () => {
    expect(planTriage('auto', [failing(1)], 'missing')).toEqual({ isWanted: true, withReference: false, expectedMs: 10_000, reason: null });
    expect(planTriage('always', [failing(1)], 'missing')).toMatchObject({ isWanted: true, withReference: true });
  });

  it('never where nothing new failed', () => {
    const known = run(testcase('a', 'known'), testcase('b', 'not-run'));
    expect(planTriage('always', [known], 'ready')).toMatchObject({ isWanted: false, reason: null });
  });
});
