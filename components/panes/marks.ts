import type { PhaseState } from '../../src/model/run-state.ts';
import { type Span, span } from '../text/line.ts';
import type { TestcaseView } from '../view/dashboard-view.ts';

const spinnerFrames = ['⠋', '⠙', '⠹', '⠸', '⠴', '⠦', '⠧', '⠇'] as const;

/** What turns while something runs; `tick` counts up. */
export const spinner = (tick: number): string => spinnerFrames[tick % spinnerFrames.length] ?? '⠋';

/** One column that says how a testcase stands; every state has its own character. */
export function verdictMark(status: TestcaseView['status'], tick = 0): Span {
  switch (status) {
    case 'passed':
      return span('✔', 'passed');
    case 'failed':
      return span('✘', 'failed');
    case 'known':
      return span('✗', 'warning');
    case 'not-run':
      return span('-', 'warning');
    case 'running':
      return span(spinner(tick), 'running');
    case 'pending':
      return span('○', 'accent');
    case 'idle':
      return span('·', 'dim');
  }
}

/** One column that says how a step of the lifecycle stands. */
export function phaseMark(status: PhaseState['status'] | 'waiting', tick = 0): Span {
  switch (status) {
    case 'ok':
      return span('✔', 'passed');
    case 'failed':
      return span('✘', 'failed');
    case 'cancelled':
      return span('-', 'warning');
    case 'running':
      return span(spinner(tick), 'running');
    case 'waiting':
      return span('·', 'dim');
  }
}
