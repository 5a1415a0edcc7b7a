import type { TestcaseState } from '../../model/run-state.ts';

type Status = TestcaseState['status'];

const words: Readonly<Record<Status, string>> = {
  passed: '✔ passed',
  failed: '✘ failed',
  known: '✗ known',
  'not-run': '– not run',
  pending: '– not run',
  running: '– not run',
};

/** Mark and word: colour never says it alone. */
export const wordOf = (status: Status): string => words[status];

export const classOf = (status: Status): 'passed' | 'failed' | 'known' | 'not-run' => (status === 'pending' || status === 'running' ? 'not-run' : status);
