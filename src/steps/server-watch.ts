import type { StepControls } from '../machine/actors.ts';
import type { EventBody } from '../model/events.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { ContainerState, ProbeService } from '../services/types.ts';
import { untilSilent } from './answer-watch.ts';
import { loseEngine } from './engine-watch.ts';
import { type RunningServer, rpcPrograms, type TailOf } from './server.ts';
import { delay, within } from './wait.ts';

/** Its last words come after its end. */
const lastWordsMs = 300;
const stateDeadlineMs = 2_000;

export interface WatchedServer {
  readonly server: RunningServer;
  readonly controls: StepControls;
  readonly tail: TailOf;
  /** False where it was stopped on purpose. */
  readonly unexpected: () => boolean;
  /** Fires when nobody wants to know any more. */
  readonly signal: AbortSignal;
}

export interface StartedServer extends WatchedServer {
  /** False while its start is waited for: that tells itself of a server that ends too early. */
  readonly isReady: () => boolean;
}

/** Tells of a container's end, and of the loss where nobody wanted it. Resolves when the end is told. */
export async function watchServerEnd({ server, controls, tail, unexpected, isReady, signal }: StartedServer): Promise<void> {
  const { status, exitCode, outOfMemory } = await server.container.exited;
  if (status === 'unknown') {
    // Nothing is known of the container.
    loseEngine({ controls, tail, unexpected }, 'its connections broke off, and it did not come back in time');
    return;
  }
  controls.report({ type: 'server.exited', exitCode, outOfMemory, unexpected: unexpected() });
  void loseDead({ status, exitCode, outOfMemory });

  async function loseDead(state: Pick<ContainerState, 'status' | 'exitCode' | 'outOfMemory'>): Promise<void> {
    if (!unexpected()) return;
    const why = state.outOfMemory ? 'out of memory' : state.status === 'removed' ? 'its container was removed' : `exit code ${state.exitCode ?? 'unknown'}`;
    await delay(lastWordsMs, signal).catch(() => {});
    // Replaced meanwhile: its end is no news any more.
    if (!unexpected() || !isReady()) return;
    controls.lose({
      exitCode: ExitCode.serverLost,
      reason: `the server died (${why})`,
      hint: 'its last lines are above, the whole log is in server.log',
      log: tail(15),
    });
  }
}

export interface ProbedServer extends WatchedServer {
  readonly probe: ProbeService;
  readonly silenceMs: number;
  /** Major version of NFS that is under test. */
  readonly version: () => number;
  /** When the client was last seen to get an answer, by `performance.now()`. */
  readonly lastSignMs: () => number;
}

/** Asks the server for a sign of life until it has none to give, and says so. */
export async function watchServerAnswers({ server, controls, tail, unexpected, signal, probe, silenceMs, version, lastSignMs }: ProbedServer): Promise<void> {
  const ask = (timeoutMs: number) =>
    probe.rpcAnswers({ host: '127.0.0.1', port: server.record.nfsPort, program: rpcPrograms.nfs, version: version(), timeoutMs });
  const silence = await untilSilent({ ask, silenceMs, lastSignMs, signal });
  if (silence === null || !unexpected()) return;
  const state = await stateOf(server);
  // What has ended is told of as such.
  if (!unexpected() || (state !== null && ['exited', 'dead', 'removed'].includes(state.status))) return;
  const log = tail(15);
  controls.report({ type: 'server.unresponsive', ...silence, lines: log.lines });
  const detail = state === null || state.status === 'running' ? '' : ` (its container is ${state.status})`;
  const memory = state?.outOfMemory ? '; a process of it was ended for lack of memory' : '';
  controls.lose({
    exitCode: ExitCode.serverLost,
    reason: `the server has not answered for ${Math.round(silence.silentMs / 1000)} s${detail}${memory}`,
    hint: 'server.log may say why; --answer-timeout gives it more time',
    log,
  });
}

async function stateOf({ container }: RunningServer): Promise<ContainerState | null> {
  let state: ContainerState | null = null;
  await within(
    stateDeadlineMs,
    container.state().then(
      (found) => {
        state = found;
      },
      () => {},
    ),
  );
  return state;
}

/** Whether an event of the suite shows that the client gets answers: what passes on a hard mount was answered. */
export const isSignOfLife = (body: EventBody): boolean => body.type === 'assertion.finished' && body.verdict === 'passed';
