import type { StepControls } from '../machine/actors.ts';
import { EnvironmentError } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { EngineAbsence, EngineService } from '../services/types.ts';
import { untilSilent } from './answer-watch.ts';
import type { StepContext } from './context.ts';
import type { TailOf } from './server.ts';

export interface WatchedEngine {
  readonly engine: Pick<EngineService, 'ping' | 'doubt' | 'onAbsence'>;
  readonly controls: StepControls;
  /** Of the server's log. */
  readonly tail: TailOf;
  /** False where nothing is needed of it any more. */
  readonly unexpected: () => boolean;
  readonly signal: AbortSignal;
  /** Longest time without an answer. */
  readonly silenceMs: number;
}

/** An engine tells all who listen of the same absence, and every lane listens: the first that still needs the engine tells of it. */
const told = new WeakSet<EngineAbsence>();

/**
 * Tells when the engine is away and when it is back, and of the loss where it keeps its connections and answers nothing: nothing breaks then,
 * so it is asked, five times per `silenceMs`. One that goes away for good is found by what watches the container.
 */
export async function watchEngine({ engine, silenceMs, ...watched }: WatchedEngine): Promise<void> {
  const { controls, unexpected, signal } = watched;
  const stop = engine.onAbsence((absence) => {
    if (!unexpected() || told.has(absence)) return;
    told.add(absence);
    controls.report({ type: 'note.reported', level: 'warning', message: describeAbsence(absence) });
  });
  try {
    const silence = await untilSilent({ ask: (timeoutMs) => engine.ping({ timeoutMs }), silenceMs, lastSignMs: () => 0, signal });
    if (silence === null) return;
    // The pings may still have time left, but the stop shall not wait as long once more.
    engine.doubt();
    loseEngine(watched, `it has not answered for ${Math.round(silence.silentMs / 1000)} s (${silence.missedCount} pings)`);
  } finally {
    stop();
  }
}

/** Tells that the engine is lost, where it is still needed. */
export function loseEngine({ controls, tail, unexpected }: Pick<WatchedEngine, 'controls' | 'tail' | 'unexpected'>, reason: string): void {
  if (!unexpected()) return;
  controls.report({ type: 'engine.lost', reason, lines: tail(15).lines });
  controls.lose({
    exitCode: ExitCode.environment,
    reason: `the container engine went away during the run: ${reason}`,
    hint: 'see the engine’s own log; `nfstest-tui doctor` says which engine answers',
    log: tail(15),
  });
}

/** Does work that needs the engine, and cuts it off where the engine answers no ping for as long as a single call may take: a build alone would not notice. */
export async function whileEngineAnswers<T>(
  engine: Pick<EngineService, 'ping' | 'doubt'>,
  context: StepContext,
  work: (context: StepContext) => Promise<T>,
): Promise<T> {
  const done = new AbortController();
  const mute = new AbortController();
  const watch = {
    ask: (timeoutMs: number) => engine.ping({ timeoutMs }),
    silenceMs: context.deadlines.engineMs,
    lastSignMs: () => 0,
    signal: AbortSignal.any([context.signal, done.signal]),
  };
  void untilSilent(watch).then((silence) => {
    if (silence === null) return;
    engine.doubt();
    const reason = `the container engine has not answered for ${Math.round(silence.silentMs / 1000)} s (${silence.missedCount} pings)`;
    mute.abort(new EnvironmentError(reason, 'see whether it hangs (`docker ps`) and restart it, or give it more time with --engine-timeout'));
  });
  try {
    return await work({ ...context, signal: AbortSignal.any([context.signal, mute.signal]) });
  } catch (error) {
    // What the work makes of being cut off is not the news.
    if (mute.signal.aborted && !context.signal.aborted) throw mute.signal.reason;
    throw error;
  } finally {
    done.abort();
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;

function describeAbsence(absence: EngineAbsence): string {
  return absence.state === 'away'
    ? `the container engine broke off its connections and does not answer; it counts as gone after ${absence.lossMs / 1000} s`
    : `the container engine was away for ${seconds(absence.awayMs)} and is back`;
}
