import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../model/errors.ts';
import { blockedTasks, type ClientHang, clientHangOf, owedCalls } from '../model/hang.ts';
import { stripControls } from '../model/terminal-text.ts';
import type { RemoteSession, VmHandle } from '../services/types.ts';
import { clientPaths } from './client.ts';
import { type RunScope, tailOf } from './run-scope.ts';
import { delay, within } from './wait.ts';

/** A guest that answers within this is alive; Python has to start there, perhaps on an emulated processor. */
const answerDeadlineMs = 15_000;
/** The agent looks for a request once a second, and takes two for its answer. */
const agentDeadlineMs = 10_000;
/** What the kernel prints goes over a serial line. */
const printMs = 1_500;
const consoleLines = 200;

export interface Hang {
  /** Null where nothing of the client's programs answered. */
  readonly client: ClientHang | null;
  readonly blocked: readonly string[];
  readonly pendingCalls: readonly string[];
  /** QEMU's word for the state of the machine: `running`, `paused`, …; null where QEMU does not answer. */
  readonly machine: string | null;
  /** Name of the report in the run's folder. */
  readonly file: string;
}

export interface HangingClient {
  readonly session: RemoteSession;
  readonly vm: VmHandle;
}

/**
 * Looks into a client that hangs, and writes down what it finds. Asks over SSH, then the agent; where neither answers, the keyboard is left:
 * the kernel prints its blocked tasks on the console even where no program runs any more. Takes 30 s at most.
 */
export async function lookIntoHang(reason: string, { session, vm }: HangingClient, scope: RunScope, cancelled: AbortSignal): Promise<Hang> {
  const troubles: string[] = [];
  const attempt = async (name: string, work: () => Promise<unknown>): Promise<ClientHang | null> => {
    try {
      const found = clientHangOf(await work());
      if (found === null) troubles.push(`${name}: the answer is no report`);
      return found;
    } catch (error) {
      cancelled.throwIfAborted();
      troubles.push(`${name}: ${messageOf(error)}`);
      return null;
    }
  };
  const client =
    (await attempt('SSH', () => askBySsh(session, AbortSignal.any([cancelled, AbortSignal.timeout(answerDeadlineMs)])))) ??
    (await attempt('agent', () => vm.askAgent({ do: 'diagnose' }, { signal: cancelled, timeoutMs: agentDeadlineMs })));
  let machine: Awaited<ReturnType<VmHandle['examine']>> | null = null;
  try {
    if (client === null) await vm.pressSysRq('w');
    machine = await vm.examine();
  } catch (error) {
    troubles.push(`QEMU: ${messageOf(error)}`);
  }
  await delay(printMs, cancelled);
  const { lane } = scope.options;
  const file = lane === 0 ? 'hang.txt' : `hang.lane-${lane + 1}.txt`;
  const found = { client, blocked: client ? blockedTasks(client) : [], pendingCalls: client ? owedCalls(client) : [], machine: machine?.status ?? null, file };
  const text = reportText(reason, found, { troubles, registers: machine?.registers ?? '', console: tailOf(scope, 'vm')(consoleLines).lines });
  await writeFile(join(scope.folder(), file), text);
  return found;
}

async function askBySsh(session: RemoteSession, signal: AbortSignal): Promise<unknown> {
  let text = '';
  const add = (chunk: Uint8Array | string) => {
    if (text.length < 1_000_000) text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
  };
  await session.exec(`sudo -n python3 ${clientPaths.agent} diagnose`, { signal, onStdout: add });
  return JSON.parse(text) as unknown;
}

interface Details {
  readonly troubles: readonly string[];
  readonly registers: string;
  readonly console: readonly string[];
}

function reportText(reason: string, { client, blocked, pendingCalls, machine }: Hang, { troubles, registers, console }: Details): string {
  const list = (lines: readonly string[], none: string) => (lines.length === 0 ? [none] : lines);
  const section = (title: string, lines: readonly string[]) => ['', `== ${title}`, ...lines];
  const lines = [
    reason,
    `written at ${new Date().toISOString()}`,
    ...section('the machine', [`QEMU says: ${machine ?? 'nothing'}`, ...troubles]),
    ...section('calls that the server has not answered', list(pendingCalls, 'none')),
    ...section('blocked tasks', list(blocked, client === null ? 'not known' : 'none')),
    ...(client?.blocked ?? []).flatMap(({ pid, name, stack }) => section(`stack of ${name}[${pid}]`, list(stack, 'not known'))),
    ...(client === null ? [] : section('RPC calls under way', list(client.calls, 'none'))),
    ...(client === null ? [] : section('RPC calls two seconds later', list(client.later, 'none'))),
    ...(client === null ? [] : section('/proc/net/rpc/nfs', client.statistics.trimEnd().split('\n'))),
    ...(client === null && registers !== '' ? section('registers', registers.trimEnd().split(/\r?\n/)) : []),
    ...section('the end of the console', console),
  ];
  return `${lines.map(stripControls).join('\n')}\n`;
}

/** Whether a session's client still runs a command. */
export async function isAlive(session: RemoteSession, cancelled: AbortSignal): Promise<boolean> {
  const signal = AbortSignal.any([cancelled, AbortSignal.timeout(answerDeadlineMs)]);
  let alive = false;
  await within(
    answerDeadlineMs,
    session.exec('true', { signal }).then(
      () => {
        alive = true;
      },
      () => {},
    ),
  );
  return alive;
}
