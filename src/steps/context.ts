import { isAbort, messageOf } from '../model/errors.ts';
import { type EventBody, type LogChannel, type Phase, phaseTitles } from '../model/events.ts';
import { phaseDeadline, type StepDeadlines, withDeadline } from './deadline.ts';

/** What a step gets from the machine that runs it. */
export interface StepContext {
  readonly signal: AbortSignal;
  report(body: EventBody): void;
  log(channel: LogChannel, chunk: Uint8Array | string): void;
  readonly deadlines: StepDeadlines;
}

/**
 * Runs a step as a phase: says when it began, how it ended and how long it took; cuts it off past the phase's deadline, by the signal of the
 * context that the work is given. `detailOf` adds what came of it.
 */
export async function inPhase<T>(
  context: StepContext,
  phase: Phase,
  work: (context: StepContext) => Promise<T>,
  detailOf: (result: T) => string | null = () => null,
): Promise<T> {
  const startMs = performance.now();
  const finished = (outcome: 'ok' | 'failed' | 'cancelled', detail: string | null) =>
    context.report({ type: 'phase.finished', phase, outcome, durationMs: Math.round(performance.now() - startMs), detail });
  context.report({ type: 'phase.started', phase });
  try {
    // The suite's time leads to a diagnosis; see the lane's machine.
    const result = await (phase === 'suite'
      ? work(context)
      : withDeadline(context, { what: `“${phaseTitles[phase]}”`, ...phaseDeadline(phase, context.deadlines) }, work));
    finished('ok', detailOf(result));
    return result;
  } catch (error) {
    if (context.signal.aborted || isAbort(error)) finished('cancelled', null);
    else finished('failed', messageOf(error));
    throw error;
  }
}

/** Reports progress of a phase. */
export const progressOf =
  (context: StepContext, phase: Phase) =>
  (message: string, fraction: number | null = null): void =>
    context.report({ type: 'progress.reported', phase, message, fraction });
