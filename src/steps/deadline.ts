import type { Deadlines } from '../config/deadlines.ts';
import { EnvironmentError } from '../model/errors.ts';
import type { LogChannel, Phase } from '../model/events.ts';
import type { ExitCode } from '../model/exit-codes.ts';
import { stripControls } from '../model/terminal-text.ts';
import type { StepContext } from './context.ts';
import { within } from './wait.ts';

/** How long work that was cut off by its deadline may take to tidy up before it is left behind. */
const tidyMs = 10_000;
/** The last words of a step are told as far as this. */
const maxSeen = 200;

/** Something took longer than it may. */
export class DeadlineError extends EnvironmentError {}

export interface Deadline {
  readonly ms: number;
  /** Gives more time, for example `--boot-timeout`; null where nothing does. */
  readonly flag: string | null;
}

/** What is added to a phase's own deadlines, each of which says more than the phase's: the phase's is for what has none. */
const marginMs = 30_000;

/** The deadlines of a run with a server of known readiness. */
export type StepDeadlines = Deadlines & { readonly serverMs: number };

/** The deadline of a phase; `suite` has its own (TIMEOUT and SILENCE_TIMEOUT), which lead to a diagnosis. */
export function phaseDeadline(phase: Exclude<Phase, 'suite'>, { downloadMs, buildMs, bootMs, connectMs, serverMs, engineMs }: StepDeadlines): Deadline {
  switch (phase) {
    case 'server-image':
    case 'vm-image':
      return { ms: buildMs, flag: '--build-timeout' };
    case 'suite-source':
      return { ms: downloadMs + marginMs, flag: '--download-timeout' };
    case 'server':
      return { ms: serverMs + engineMs + marginMs, flag: '--server-timeout' };
    case 'vm-boot':
    case 'vm-save':
    case 'vm':
      return { ms: bootMs + marginMs, flag: '--boot-timeout' };
    case 'connect':
    case 'upload':
      return { ms: connectMs + marginMs, flag: '--connect-timeout' };
    case 'stop':
      return { ms: 2 * engineMs + marginMs, flag: '--engine-timeout' };
  }
}

/**
 * Does work that has to be over within a time. Past it the work's signal fires, and what is thrown says what was awaited, for how long,
 * and what was seen last: its last progress or line of log.
 *
 * @throws DeadlineError past the deadline, ten seconds later at most where the work does not let go.
 */
export async function withDeadline<T>(
  context: StepContext,
  { what, ms, flag, exitCode }: Deadline & { readonly what: string; readonly exitCode?: ExitCode },
  work: (context: StepContext) => Promise<T>,
): Promise<T> {
  const expired = new AbortController();
  let seen = '';
  const see = (text: string) => {
    const line = stripControls(text).trimEnd().split('\n').at(-1)?.trim() ?? '';
    if (line !== '') seen = line.slice(0, maxSeen);
  };
  const timed: StepContext = {
    ...context,
    signal: AbortSignal.any([context.signal, expired.signal]),
    report: (body) => {
      if (body.type === 'progress.reported' || body.type === 'note.reported') see(body.message);
      context.report(body);
    },
    log: (channel: LogChannel, chunk) => {
      see(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
      context.log(channel, chunk);
    },
  };
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const last = seen === '' ? 'nothing was seen of it' : `last seen: ${seen}`;
    const more = flag === null ? 'see the logs in the run’s folder' : `see the logs in the run’s folder, or give it more time with ${flag}`;
    const error = new DeadlineError(`${what} took longer than ${ms / 1000} s; ${last}`, more, exitCode === undefined ? {} : { exitCode });
    expired.abort(error);
    // Whoever tidies up is waited for, but not for ever.
    void within(
      tidyMs,
      working.catch(() => {}),
    ).then(() => late.reject(error));
  }, ms);
  const working = work(timed);
  try {
    return await Promise.race([working, late.promise]);
  } catch (error) {
    // What the work makes of being cut off is not the news.
    if (expired.signal.aborted && !context.signal.aborted) throw expired.signal.reason;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
