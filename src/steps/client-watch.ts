import type { StepControls } from '../machine/actors.ts';
import { type FoundFault, faultOf } from '../model/console-faults.ts';
import type { EventBody, LogChannel } from '../model/events.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { RemoteSession, VmHandle } from '../services/types.ts';
import type { LogHub } from '../stream/log-hub.ts';
import type { TailOf } from './server.ts';
import { aborted, delay } from './wait.ts';

/** What comes after a fault's first line: registers and a stack, over a serial line. */
const traceMs = 1_000;
/** The end of QEMU, and the console's last lines, say more than the connection that they took along. */
const connectionGraceMs = 800;
/** A kernel that is in trouble repeats itself. */
const maxWarnings = 20;

export interface WatchedClient {
  readonly controls: StepControls;
  /** Of the console. */
  readonly tail: TailOf;
  readonly logs: Pick<LogHub, 'subscribe'>;
  /** False where the client is being stopped. */
  readonly unexpected: () => boolean;
  readonly signal: AbortSignal;
}

/** Tells of QEMU's end, and of the loss where nobody wanted it. Resolves when the end is told. */
export async function watchVmEnd({ controls, tail, unexpected, signal }: Omit<WatchedClient, 'logs'>, vm: VmHandle, qemuLog: string): Promise<void> {
  const { exitCode, signal: name } = await vm.exited;
  controls.report({ type: 'vm.exited', exitCode, signal: name, unexpected: unexpected() });
  if (!unexpected()) return;
  void delay(300, signal)
    .catch(() => {})
    .then(() =>
      controls.lose({
        exitCode: ExitCode.clientLost,
        reason: `the client VM ended by itself (${name ?? `exit code ${exitCode ?? 'unknown'}`})`,
        hint: `vm.log has its console, ${qemuLog} QEMU's messages`,
        log: tail(15),
      }),
    );
}

/** Reads the console for the kernel's own words of trouble until the signal fires. */
export async function watchConsole(client: WatchedClient & { readonly suspect: (reason: string) => void }): Promise<void> {
  const { logs, signal } = client;
  let warnings = 0;
  let ended = false;
  const unsubscribe = logs.subscribe((channel: LogChannel, line: string) => {
    const found = channel === 'vm' && !ended ? faultOf(line) : null;
    if (found === null) return;
    if (found.fault === 'panic' || found.fault === 'oops') {
      ended = true;
      void loseClient(client, found);
    } else if (warnings < maxWarnings) {
      warnings += 1;
      client.controls.report(eventOf(client, found));
      if (found.fault === 'hung-task') client.suspect(`the client’s kernel says: ${found.message}`);
    }
  });
  await aborted(signal);
  unsubscribe();
}

const eventOf = ({ tail }: WatchedClient, { fault, message }: FoundFault): EventBody => ({ type: 'vm.faulted', fault, message, lines: tail(15).lines });

async function loseClient(client: WatchedClient, found: FoundFault): Promise<void> {
  const { controls, tail, unexpected, signal } = client;
  await delay(traceMs, signal).catch(() => {});
  if (!unexpected()) return;
  controls.report({ type: 'vm.faulted', ...found, lines: tail(60).lines });
  controls.lose({
    exitCode: ExitCode.clientLost,
    reason: `the client’s kernel ${found.fault === 'panic' ? 'panicked' : 'failed'}: ${found.message}`,
    hint: 'its last lines are above, the whole console is in vm.log',
    log: tail(40),
  });
}

/** Tells of a connection that breaks off while the client still runs; the client is looked into before it counts as lost. Resolves when that is told. */
export async function watchConnection(
  { controls, tail, unexpected, signal, look }: Omit<WatchedClient, 'logs'> & { readonly look: (reason: string) => Promise<void> },
  session: RemoteSession,
  vm: VmHandle,
): Promise<void> {
  await Promise.race([session.closed, aborted(signal)]);
  const isGone = await Promise.race([
    vm.exited.then(() => true),
    delay(connectionGraceMs, signal).then(
      () => false,
      () => true,
    ),
  ]);
  if (isGone || !unexpected()) return;
  const reason = 'it was closed, or the client did not answer any more';
  controls.report({ type: 'client.disconnected', reason, lines: tail(15).lines });
  const status = await vm.examine().then(
    (machine) => machine.status,
    () => 'nothing',
  );
  await look('the connection to the client VM was lost').catch(() => {});
  if (!unexpected()) return;
  controls.lose({
    exitCode: ExitCode.clientLost,
    reason: `the connection to the client VM was lost, and QEMU ${status === 'running' ? 'still runs' : `says: ${status}`}`,
    hint: 'vm.log has its console; --answer-timeout gives a slow client more time',
    log: tail(15),
  });
}
