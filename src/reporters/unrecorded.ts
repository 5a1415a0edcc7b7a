import type { TestcaseState } from '../model/run-state.ts';

/**
 * Why a failed testcase shows no failure that would explain it; null where it shows one, or did not fail.
 * Past the bound of a run's events failures are counted and not kept: without this line a reader would take what is there, passes, for all.
 */
export function unrecordedFailure(testcase: Pick<TestcaseState, 'status' | 'failures' | 'failedCount' | 'reason'>): string | null {
  const { status, failures, failedCount, reason } = testcase;
  if (status !== 'failed' || failures.some(({ known }) => known === null)) return null;
  if (failedCount === 0) return reason ?? 'failed';
  if (failures.length > 0) return `not all failed assertions are in the recording: ${failedCount} were counted, those that are there are known`;
  return failedCount === 1 ? '1 failed assertion is not in the recording' : `${failedCount} failed assertions are not in the recording`;
}
