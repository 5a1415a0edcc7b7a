import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError, messageOf } from '../../model/errors.ts';
import type { Cancellable, ProcessTable, VmExit, VmHandle, VmRecord, VmService, VmSpec } from '../types.ts';
import { formatCommandLine, qemuCommandLine } from './command-line.ts';
import { QemuVmHandle } from './handle.ts';
import { restoreState } from './migration.ts';
import { QmpTimeout, qmp } from './qmp.ts';

/** What firmware prints before a kernel has run: no proof that the accelerator works. */
const firmwareLine = /^\s*$|SeaBIOS|iPXE|Booting from|UEFI|BdsDxe|Machine UUID/;

const pollMs = 100;
/** QEMU opens its monitor some 50 ms after its start and tells nobody. */
const monitorPollMs = 5;

export interface QemuOptions {
  readonly processes: ProcessTable;
  /** How long a guest under a hardware accelerator may stay silent before the next accelerator is tried. */
  readonly lifeDeadlineMs?: number;
  /** How long a VM of which only the socket is known may take for an answer. */
  readonly reapDeadlineMs?: number;
}

/** Client VMs as detached QEMU processes; they outlive this program when they are told to. */
export class QemuVmService implements VmService {
  readonly #processes: ProcessTable;
  readonly #lifeDeadlineMs: number;
  readonly #reapDeadlineMs: number;

  constructor({ processes, lifeDeadlineMs = 15_000, reapDeadlineMs = 10_000 }: QemuOptions) {
    this.#processes = processes;
    this.#lifeDeadlineMs = lifeDeadlineMs;
    this.#reapDeadlineMs = reapDeadlineMs;
  }

  async start(spec: VmSpec, { signal, onNote }: Cancellable & { onNote: (message: string) => void }): Promise<VmHandle> {
    const last = spec.accelerators.length - 1;
    for (const [index, accelerator] of spec.accelerators.entries()) {
      const handle = await this.#launch(spec, accelerator, signal);
      if (index === last) return handle;
      const trouble = await this.#watchForLife(handle, spec, signal).catch(async (error: unknown) => {
        await handle.stop({ graceMs: 0 });
        throw error;
      });
      if (trouble === null) return handle;
      await handle.stop({ graceMs: 0 });
      onNote(`${accelerator} does not work here (${trouble}); using ${spec.accelerators[index + 1]}`);
    }
    throw new EnvironmentError('no accelerator is left to try', 'use --accel tcg, which needs nothing of the machine');
  }

  commandLine(spec: VmSpec, accelerator: string): string {
    return formatCommandLine(qemuCommandLine({ ...spec, accelerator }));
  }

  async attach(record: VmRecord): Promise<VmHandle | null> {
    const startTime = await this.#processes.startTime(record.pid);
    return startTime === record.startTime ? new QemuVmHandle(record, this.#processes) : null;
  }

  async reap(qmpSocket: string): Promise<boolean> {
    let isThere = false;
    try {
      await qmp(qmpSocket, 'query-status', { timeoutMs: this.#reapDeadlineMs });
      isThere = true;
      await qmp(qmpSocket, 'quit', { timeoutMs: this.#reapDeadlineMs });
    } catch (error) {
      // The only way to one that is slow, or stopped by somebody: it is for the next who tries.
      if (error instanceof QmpTimeout) return isThere;
    }
    await rm(qmpSocket, { force: true });
    return isThere;
  }

  async #launch(spec: VmSpec, accelerator: string, signal: AbortSignal): Promise<QemuVmHandle> {
    signal.throwIfAborted();
    const { binary, args } = qemuCommandLine({ ...spec, accelerator });
    await writeFile(spec.consoleLog, '');
    await Promise.all([spec.qmpSocket, spec.agentSocket, spec.suiteSocket].map((socket) => rm(socket, { force: true })));
    const log = openSync(spec.qemuLog, 'w');
    const child = spawn(binary, args, { detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    const started = new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    try {
      await started;
    } catch (error) {
      throw new EnvironmentError(`${binary} could not be started: ${messageOf(error)}`, 'run `nfstest-tui setup` to install QEMU', { cause: error });
    }
    child.unref();
    const exited = new Promise<VmExit>((resolve) => child.once('exit', (exitCode, exitSignal) => resolve({ exitCode, signal: exitSignal })));
    const pid = child.pid ?? 0;
    const startTime = (await this.#processes.startTime(pid)) ?? '';
    const { qmpSocket, agentSocket, suiteSocket, consoleLog, sshPort, hostKey } = spec;
    const record = { pid, startTime, qmpSocket, agentSocket, suiteSocket, consoleLog, accelerator, sshPort, hostKey };
    const handle = new QemuVmHandle(record, this.#processes, exited);
    try {
      await this.#waitForMonitor(handle, spec, signal);
      if (spec.restoreFrom !== null) await restoreState(spec.qmpSocket, spec.restoreFrom, signal);
      return handle;
    } catch (error) {
      await handle.stop({ graceMs: 0 });
      throw error;
    }
  }

  /** QEMU has read its command line and opened its files when QMP answers. */
  async #waitForMonitor(handle: QemuVmHandle, spec: VmSpec, signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + 10_000;
    const isLast = spec.accelerators.at(-1) === handle.record.accelerator;
    for (;;) {
      signal.throwIfAborted();
      const exit = await Promise.race([handle.exited, sleep(monitorPollMs, null)]);
      if (exit) {
        // An accelerator that aborts is found by the caller; everything else is the end.
        if (!isLast) return;
        const lines = await logTail(spec.qemuLog);
        throw new EnvironmentError(
          `QEMU ended at once (exit code ${exit.exitCode ?? exit.signal}): ${lines.at(-1) ?? 'it printed nothing'}`,
          'see --dry-run for the command line, and the log below',
          { log: { path: spec.qemuLog, lines } },
        );
      }
      try {
        await qmp(spec.qmpSocket, 'query-status', { timeoutMs: 2_000 });
        return;
      } catch (error) {
        if (Date.now() > deadline) {
          // One that hangs QEMU as a whole shows no life either.
          if (!isLast) return;
          throw new EnvironmentError(`QEMU's monitor did not answer within 10 s: ${messageOf(error)}`, 'see the log', {
            cause: error,
            log: { path: spec.qemuLog, lines: await logTail(spec.qemuLog) },
          });
        }
      }
    }
  }

  /** Null when the guest has shown life, else what is wrong. */
  async #watchForLife(handle: QemuVmHandle, spec: VmSpec, signal: AbortSignal): Promise<string | null> {
    const deadline = Date.now() + this.#lifeDeadlineMs;
    while (Date.now() < deadline) {
      signal.throwIfAborted();
      const exit = await Promise.race([handle.exited, sleep(pollMs, null)]);
      if (exit) return (await logTail(spec.qemuLog)).at(-1) ?? `QEMU ended with ${exit.exitCode ?? exit.signal}`;
      const lines = (await readFile(spec.consoleLog, 'latin1')).split(/[\r\n]+/);
      if (lines.some((line) => !firmwareLine.test(line))) return null;
    }
    return `the guest showed no life within ${this.#lifeDeadlineMs / 1000} s`;
  }
}

async function logTail(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .slice(-10);
}
