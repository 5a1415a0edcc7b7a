import { phaseTitles } from '../model/events.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { RunState } from '../model/run-state.ts';
import type { Outcome } from '../model/verdict.ts';

/** How long a run that was told to stop may take for it before it is told not to wait. */
const patienceMs = 120_000;

/** What is said of a run that took too long: which steps were under way, and what was seen of them last. */
export function runTimedOut(runMs: number, { phases }: Pick<RunState, 'phases'>): Outcome {
  const under = phases
    .filter(({ status }) => status === 'running')
    .map(({ phase, progress }) => `${phaseTitles[phase]}${progress === null ? '' : ` (${progress})`}`);
  return {
    exitCode: ExitCode.environment,
    reason: `the whole run took longer than ${runMs / 1000} s; under way: ${under.length === 0 ? 'nothing' : under.join(', ')}`,
    hint: 'the logs in the run’s folder say what took so long; give it more time with --run-timeout',
    log: null,
  };
}

/** Stops a run past its time; a second wish to stop, later, no longer waits. Returns the end of the watch. */
export function watchRunTime(runMs: number, state: () => Pick<RunState, 'phases'>, stop: (outcome: Outcome) => void): () => void {
  let timer = setTimeout(() => {
    const outcome = runTimedOut(runMs, state());
    stop(outcome);
    timer = setTimeout(() => stop(outcome), patienceMs);
  }, runMs);
  return () => clearTimeout(timer);
}
