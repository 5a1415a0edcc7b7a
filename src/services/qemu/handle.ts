import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cancellable, CaptureSpec, GuestOutput, OnBytes, ProcessTable, VmCapture, VmExit, VmHandle, VmRecord } from '../types.ts';
import { askAgent } from './agent.ts';
import { QemuCapture } from './capture.ts';
import { ConsoleFile } from './console-file.ts';
import { FileChanges } from './file-changes.ts';
import { saveState } from './migration.ts';
import { followOutput } from './output-port.ts';
import { qmp } from './qmp.ts';

/** A QEMU process, of this program or of another. */
export class QemuVmHandle implements VmHandle {
  readonly record: VmRecord;
  readonly exited: Promise<VmExit>;
  readonly #processes: ProcessTable;
  #gone = false;

  /** `exited` is known for a child; for a VM of another process its pid is watched. */
  constructor(record: VmRecord, processes: ProcessTable, exited?: Promise<VmExit>) {
    this.record = record;
    this.#processes = processes;
    this.exited = exited ?? this.#watchProcess();
    void this.exited.then(() => {
      this.#gone = true;
    });
  }

  async *console({ signal, maxBytes }: Cancellable & { maxBytes?: number }): AsyncIterable<Uint8Array> {
    const file = await ConsoleFile.open(this.record.consoleLog, maxBytes);
    const changes = new FileChanges(this.record.consoleLog);
    void this.exited.then(() => changes.wake());
    const wake = () => changes.wake();
    signal.addEventListener('abort', wake, { once: true });
    try {
      for (;;) {
        // Asked before the read: what the VM wrote last is still delivered.
        const last = this.#gone || signal.aborted;
        const chunk = await file.read();
        if (chunk.length > 0) yield chunk;
        else if (last) return;
        else await changes.next();
      }
    } finally {
      signal.removeEventListener('abort', wake);
      changes.close();
      await file.close();
    }
  }

  askAgent(request: object, options: Cancellable & { timeoutMs: number }): Promise<unknown> {
    return askAgent(this.record.agentSocket, request, options);
  }

  async followOutput(onBytes: OnBytes): Promise<GuestOutput | null> {
    const { suiteSocket } = this.record;
    return suiteSocket === undefined ? null : followOutput(suiteSocket, onBytes);
  }

  saveState(path: string, { signal }: Cancellable): Promise<void> {
    return saveState(this.record.qmpSocket, path, signal);
  }

  capture(spec: CaptureSpec): Promise<VmCapture> {
    return QemuCapture.start(this.record.qmpSocket, spec);
  }

  async pressSysRq(key: string): Promise<void> {
    await qmp(this.record.qmpSocket, 'send-key', { args: { keys: ['alt', 'sysrq', key].map((data) => ({ type: 'qcode', data })) } });
  }

  async examine(): Promise<{ status: string; registers: string }> {
    const { status } = (await qmp(this.record.qmpSocket, 'query-status')) as { readonly status: string };
    const registers = await qmp(this.record.qmpSocket, 'human-monitor-command', { args: { 'command-line': 'info registers -a' } });
    return { status, registers: String(registers) };
  }

  async stop({ graceMs }: { graceMs: number }): Promise<void> {
    if (!this.#gone && (await this.#isOurs())) {
      await qmp(this.record.qmpSocket, 'quit', { timeoutMs: 2_000 }).catch(() => {});
      if (!(await this.#goneWithin(graceMs + 1_000))) await this.#signal('SIGTERM');
      if (!(await this.#goneWithin(2_000))) await this.#signal('SIGKILL');
      await this.#goneWithin(2_000);
    }
    const { qmpSocket, agentSocket, suiteSocket } = this.record;
    await Promise.all([qmpSocket, agentSocket, ...(suiteSocket === undefined ? [] : [suiteSocket])].map((socket) => rm(socket, { force: true })));
  }

  async #signal(name: NodeJS.Signals): Promise<void> {
    if (!(await this.#isOurs())) return;
    try {
      process.kill(this.record.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** A pid may have been given to another process meanwhile. */
  async #isOurs(): Promise<boolean> {
    const startTime = await this.#processes.startTime(this.record.pid);
    return startTime !== null && startTime === this.record.startTime;
  }

  async #goneWithin(ms: number): Promise<boolean> {
    // The losing timer would keep the program running.
    const timer = new AbortController();
    try {
      return await Promise.race([this.exited.then(() => true), sleep(ms, false, { signal: timer.signal })]);
    } finally {
      timer.abort();
    }
  }

  async #watchProcess(): Promise<VmExit> {
    while (await this.#isOurs()) await sleep(250, undefined, { ref: false });
    return { exitCode: null, signal: null };
  }
}
