import type { NfsVersion } from '../config/options.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { RunState } from '../model/run-state.ts';
import type { Outcome } from '../model/verdict.ts';
import { type OpenRun, openRun, type RunManner, type RunRequest } from './open-run.ts';
import { watchRunTime } from './run-timeout.ts';
import { onSignals } from './signals.ts';

/** Testcases that run together, as a run of their own. */
export interface SessionRound {
  readonly testcases: readonly string[];
  readonly manner: RunManner;
}

export interface RoundResult {
  readonly round: SessionRound;
  /** Folder of its run. */
  readonly folder: string;
  readonly state: RunState;
  readonly outcome: Outcome;
}

export interface SessionEnd {
  /** How the session itself ended: passed unless it could not start, or was cut off. */
  readonly outcome: Outcome;
  /** Of the rounds that were begun, in their order. */
  readonly results: readonly RoundResult[];
  readonly versions: readonly NfsVersion[];
  readonly skippedVersions: readonly NfsVersion[];
}

const over: Outcome = { exitCode: ExitCode.passed, reason: 'every round was run', hint: null, log: null };

type Known = Pick<OpenRun, 'versions' | 'skippedVersions' | 'recorder'>;

export interface RoundsOptions {
  /** Called when the session's first run has begun. */
  readonly begin?: (run: Known) => void;
  /** Ends the session in good order. */
  readonly signal?: AbortSignal;
}

const cutOff: Outcome = { exitCode: ExitCode.interrupted, reason: 'it was stopped', hint: null, log: null };

type Session = Pick<OpenRun, 'recorder' | 'send' | 'test' | 'onIdle'>;

/** Runs rounds in a session, one after the other, and ends it. A server that dies is restarted for the round after; `stop` begins no further one. */
export function playRounds(run: Session, rounds: readonly SessionRound[]) {
  const waiting = [...rounds];
  const results: RoundResult[] = [];
  let current: SessionRound | null = null;
  const conclude = (outcome: Outcome): void => {
    if (current !== null) results.push({ round: current, folder: run.recorder.folder, state: run.recorder.state, outcome });
    current = null;
  };
  run.onIdle((outcome) => {
    conclude(outcome);
    const lost = outcome.exitCode === ExitCode.serverLost;
    if (waiting.length > 0 && lost) {
      run.send({ type: 'server.restart' });
      return;
    }
    const next = waiting.shift();
    if (next === undefined) {
      run.send({ type: 'run.stop', outcome: lost ? outcome : over });
      return;
    }
    current = next;
    void run.test(next.testcases, undefined, next.manner);
  });
  return {
    results,
    /** The session has ended. */
    conclude,
    stop: (outcome: Outcome) => {
      waiting.length = 0;
      run.send({ type: 'run.stop', outcome });
    },
  };
}

/**
 * Starts an environment, or takes up the one that runs, and runs rounds of testcases in it. Signals end it in good order.
 *
 * @param plan makes the rounds when it is known which NFS versions the server serves; at least one.
 */
export async function runRounds(
  request: Omit<RunRequest, 'goal' | 'parts'>,
  plan: (run: Known) => readonly SessionRound[],
  { begin = () => {}, signal }: RoundsOptions = {},
): Promise<SessionEnd> {
  const run = await openRun({ ...request, goal: 'session', parts: { server: true, vm: true } });
  const player = playRounds(run, plan(run));
  const forget = onSignals(player.stop);
  const endWatch = watchRunTime(request.options.deadlines.runMs, () => run.recorder.state, player.stop);
  const abort = () => player.stop(cutOff);
  signal?.addEventListener('abort', abort);
  try {
    run.start();
    begin(run);
    if (signal?.aborted) abort();
    const outcome = await run.ended;
    player.conclude(outcome);
    return { outcome, results: player.results, versions: run.versions, skippedVersions: run.skippedVersions };
  } finally {
    signal?.removeEventListener('abort', abort);
    endWatch();
    forget();
  }
}
