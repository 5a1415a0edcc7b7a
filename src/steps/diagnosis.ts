import type { StepControls } from '../machine/actors.ts';
import { messageOf } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { Outcome } from '../model/verdict.ts';
import type { ProbeService } from '../services/types.ts';
import { type Hang, type HangingClient, isAlive, lookIntoHang } from './hang.ts';
import { type RunScope, tailOf } from './run-scope.ts';
import { rpcPrograms, type TailOf } from './server.ts';

/** After this time without an answer a server counts as hung. */
const answerDeadlineMs = 10_000;

export interface TimedOutLane extends HangingClient {
  readonly nfsPort: number;
  readonly serverTail: TailOf;
}

/**
 * Why testcases took longer than they may, or seem to hang: a server that is silent or owes answers, a client that hangs, or only too little
 * time. A client that seems to hang is looked into before it is ended.
 *
 * @param suspicion why they seem to hang; null where only their time is up.
 * @param seen what was found in the client before the testcases were cut off; null where it was not looked into.
 */
export async function diagnose(
  lane: TimedOutLane,
  scope: RunScope,
  probe: Pick<ProbeService, 'rpcAnswers'>,
  { signal, report }: Pick<StepControls, 'signal' | 'report'>,
  suspicion: string | null,
  seen: Hang | null,
): Promise<Outcome> {
  const { options, verdict } = scope;
  const reason = suspicion ?? `the testcases took longer than ${options.timeoutMs / 1000} s`;
  const ask = { host: '127.0.0.1', port: lane.nfsPort, program: rpcPrograms.nfs, version: Number(options.nfsVersion[0]), timeoutMs: answerDeadlineMs };
  const [serverAnswers, clientAnswers] = await Promise.all([probe.rpcAnswers(ask), isAlive(lane.session, signal)]);
  const hangs = suspicion !== null || !serverAnswers || !clientAnswers;
  const hang = hangs ? (seen ?? (await look(reason, lane, scope, { signal, report }))) : null;
  const serverHangs = (words: string): Outcome => ({
    exitCode: ExitCode.serverLost,
    reason: `${reason}: ${words}`,
    hint: hang === null ? 'server.log may say why' : `server.log may say why; ${hang.file} has the client’s side`,
    log: lane.serverTail(15),
  });
  const clientHangs = (words: string, hint: string): Outcome => ({
    exitCode: ExitCode.clientLost,
    reason: `${reason}: ${words}`,
    hint,
    log: tailOf(scope, 'vm')(15),
  });
  const where = hang === null ? 'vm.log may say why' : `${hang.file} in the run’s folder says what was found`;

  if (!serverAnswers) return serverHangs('the server has stopped answering');
  if (!clientAnswers) {
    const machine = hang === null || hang.machine === 'running' ? '' : hang.machine === null ? ', and so has QEMU' : ` (QEMU says: ${hang.machine})`;
    return clientHangs(`the client VM has stopped answering${machine}`, where);
  }
  if (suspicion !== null) {
    if (hang !== null && hang.pendingCalls.length > 0)
      return serverHangs(`the server answers NULL calls, but owes an answer to ${hang.pendingCalls.join(', ')}`);
    if (hang !== null && hang.blocked.length > 0) return clientHangs(`the client hangs in its kernel (${hang.blocked.slice(0, 3).join(', ')})`, where);
    return clientHangs('nothing waits in the client’s kernel', `${where}; a suite that is only slow gets more time with --silence-timeout`);
  }
  const found = verdict();
  const exitCode = found.exitCode === ExitCode.passed ? ExitCode.testsFailed : found.exitCode;
  return {
    exitCode,
    reason: `${reason}; ${found.reason}`,
    hint: 'server and client still answer: give more time with --timeout, or run fewer testcases',
    log: null,
  };
}

/** A report that can't be made is no reason to keep the verdict back. */
export async function look(
  reason: string,
  lane: HangingClient,
  scope: RunScope,
  { signal, report }: Pick<StepControls, 'signal' | 'report'>,
): Promise<Hang | null> {
  try {
    const hang = await lookIntoHang(reason, lane, scope, signal);
    report({ type: 'hang.diagnosed', reason, file: hang.file, blocked: hang.blocked, pendingCalls: hang.pendingCalls });
    return hang;
  } catch (error) {
    signal.throwIfAborted();
    report({ type: 'note.reported', level: 'warning', message: `the client could not be looked into: ${messageOf(error)}` });
    return null;
  }
}
