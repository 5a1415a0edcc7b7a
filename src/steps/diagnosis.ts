import { ExitCode } from '../model/exit-codes.ts';
import type { Outcome } from '../model/verdict.ts';
import type { ProbeService, RemoteSession } from '../services/types.ts';
import { type RunScope, tailOf } from './run-scope.ts';
import { rpcPrograms, type TailOf } from './server.ts';

/** After this time without an answer a server or client counts as hung. */
const answerDeadlineMs = 10_000;

export interface TimedOutLane {
  readonly nfsPort: number;
  readonly session: RemoteSession;
  readonly serverTail: TailOf;
}

/** Why testcases took longer than they may: a server that is silent, a client that is, or only too little time. */
export async function diagnoseTimeout(
  { nfsPort, session, serverTail }: TimedOutLane,
  scope: RunScope,
  probe: Pick<ProbeService, 'rpcAnswers'>,
  cancelled: AbortSignal,
): Promise<Outcome> {
  const { options, verdict } = scope;
  const limit = `the testcases took longer than ${options.timeoutMs / 1000} s`;
  const version = Number(options.nfsVersion[0]);
  const answers = await probe.rpcAnswers({ host: '127.0.0.1', port: nfsPort, program: rpcPrograms.nfs, version, timeoutMs: answerDeadlineMs });
  if (!answers) {
    return {
      exitCode: ExitCode.serverLost,
      reason: `${limit}: the server has stopped answering`,
      hint: 'server.log may say why',
      log: serverTail(15),
    };
  }
  const signal = AbortSignal.any([cancelled, AbortSignal.timeout(answerDeadlineMs)]);
  const alive = await session.exec('true', { signal }).then(
    () => true,
    () => false,
  );
  if (!alive) {
    return {
      exitCode: ExitCode.clientLost,
      reason: `${limit}: the client VM has stopped answering`,
      hint: 'vm.log may say why',
      log: tailOf(scope, 'vm')(15),
    };
  }
  const found = verdict();
  const exitCode = found.exitCode === ExitCode.passed ? ExitCode.testsFailed : found.exitCode;
  return {
    exitCode,
    reason: `${limit}; ${found.reason}`,
    hint: 'server and client still answer: give more time with --timeout, or run fewer testcases',
    log: null,
  };
}
