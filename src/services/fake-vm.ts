import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from '../model/errors.ts';
import { writePcap } from '../wire/pcap.ts';
import type { Cancellable, CaptureSpec, GuestOutput, OnBytes, VmCapture, VmExit, VmHandle, VmRecord, VmService, VmSpec } from './types.ts';

/** What a guest does. */
export interface FakeGuest {
  /** Printed on the console at once. */
  readonly console: string;
  /** Printed just before the guest ends by itself. */
  readonly lastWords?: string;
  /** When it ends by itself; never where left out. */
  readonly endsAfterMs?: number;
  readonly exitCode?: number;
  /** Its agent answers with this error. */
  readonly agentFailure?: string;
}

/** Virtual machines in memory; only the QMP socket's file is real. */
export class FakeVmService implements VmService {
  readonly vms: FakeVm[] = [];
  readonly specs: VmSpec[] = [];
  guest: FakeGuest = { console: 'Linux version 6.1\nNFSTEST_VM_READY\n' };
  /** Accelerators that abort. */
  readonly broken = new Set<string>();
  /** How many saved states in a row it refuses although they are whole. */
  refusals = 0;
  /** What a guest's clock is off by each time that it was set; right afterwards. */
  readonly clockOffS: number[] = [];

  async start(spec: VmSpec, { signal, onNote }: Cancellable & { onNote: (message: string) => void }): Promise<VmHandle> {
    signal.throwIfAborted();
    this.specs.push(spec);
    await sleep(1);
    signal.throwIfAborted();
    if (!existsSync(spec.overlay)) {
      const lines = [`qemu: could not open '${spec.overlay}': No such file or directory`];
      throw new EnvironmentError(`QEMU ended at once (exit code 1): ${lines[0]}`, 'see --dry-run for the command line, and the log below', {
        log: { path: spec.qemuLog, lines },
      });
    }
    const works = spec.accelerators.findIndex((accelerator) => !this.broken.has(accelerator));
    for (const [index, accelerator] of spec.accelerators.slice(0, works).entries()) {
      onNote(`${accelerator} does not work here (it aborts); using ${spec.accelerators[index + 1]}`);
    }
    const accelerator = spec.accelerators[works];
    if (accelerator === undefined) throw new EnvironmentError('no accelerator is left to try', 'use --accel tcg, which needs nothing of the machine');
    const { qmpSocket, agentSocket, suiteSocket, consoleLog, sshPort, hostKey, memoryFile, restoreFrom } = spec;
    const refused = restoreFrom !== null && this.refusals > 0;
    if (refused) this.refusals -= 1;
    if (refused || (restoreFrom !== null && (await readFile(restoreFrom, 'utf8').catch(() => '')) !== savedState)) {
      throw new EnvironmentError('the saved client VM could not be restored: the migration failed', 'use --cold to boot one');
    }
    if (memoryFile !== null && restoreFrom === null) await writeFile(memoryFile.path, 'memory');
    await writeFile(qmpSocket, '');
    const [pid, startTime] = [4_000_000 + this.vms.length, `start-${this.vms.length}`];
    const record = { pid, startTime, qmpSocket, agentSocket, suiteSocket, consoleLog, accelerator, sshPort, hostKey };
    const vm = new FakeVm(record, this.guest, memoryFile?.sharing === 'shared', this.clockOffS);
    this.vms.push(vm);
    return vm;
  }

  commandLine({ accelerators, hostKey, ...spec }: VmSpec, accelerator: string): string {
    return JSON.stringify({ ...spec, accelerator });
  }

  async attach(record: VmRecord): Promise<VmHandle | null> {
    return this.vms.find((vm) => !vm.ended && vm.record.pid === record.pid && vm.record.startTime === record.startTime) ?? null;
  }

  async reap(qmpSocket: string): Promise<boolean> {
    const vm = this.vms.find((candidate) => !candidate.ended && candidate.record.qmpSocket === qmpSocket);
    await vm?.stop({ graceMs: 0 });
    return vm !== undefined;
  }
}

/** What a saved state holds. */
const savedState = 'devices';

export class FakeVm implements VmHandle {
  /** Files of captures that were begun; a test puts packets into them, and adds those that follow when one is full. */
  readonly captures: string[] = [];
  /** Everything that its agent was asked. */
  readonly asked: Record<string, unknown>[] = [];
  /** Writes to the port for the suite's output; null while nobody follows it. */
  output: ((text: string) => void) | null = null;
  /** QEMU's word for its state. */
  status = 'running';
  /** What its agent says of a hang. */
  hang: object = {};
  /** The agent answers with this error. */
  agentFailure: string | null = null;
  readonly record: VmRecord;
  readonly exited: Promise<VmExit>;
  ended = false;
  /** Where set, stopping it fails with this message. */
  stopFailure: string | null = null;
  /** Grace of every stop that was asked for. */
  readonly stops: number[] = [];
  #text: string;
  readonly #guest: FakeGuest;
  readonly #end: (exit: VmExit) => void;
  readonly #savable: boolean;
  readonly #clockOffS: number[];

  constructor(record: VmRecord, guest: FakeGuest, savable: boolean, clockOffS: number[] = []) {
    this.record = record;
    this.#savable = savable;
    this.#clockOffS = clockOffS;
    this.agentFailure = guest.agentFailure ?? null;
    this.#guest = guest;
    this.#text = guest.console;
    const { promise, resolve } = Promise.withResolvers<VmExit>();
    this.exited = promise;
    this.#end = resolve;
    if (guest.endsAfterMs !== undefined) setTimeout(() => this.die(), guest.endsAfterMs).unref();
  }

  /** More on the console. */
  print(text: string): void {
    this.#text += text;
  }

  /** It ends by itself. */
  die({ exitCode = this.#guest.exitCode ?? 0, signal = null as string | null } = {}): void {
    this.print(this.#guest.lastWords ?? '');
    this.ended = true;
    this.#end({ exitCode: signal === null ? exitCode : null, signal });
  }

  async *console({ signal }: Cancellable): AsyncIterable<Uint8Array> {
    for (let read = 0; ; ) {
      const last = this.ended || signal.aborted;
      const chunk = Buffer.from(this.#text.slice(read));
      read = this.#text.length;
      if (chunk.length > 0) yield chunk;
      else if (last) return;
      else await sleep(5);
    }
  }

  async followOutput(onBytes: OnBytes): Promise<GuestOutput | null> {
    if (this.ended || this.record.suiteSocket === undefined) return null;
    this.output = (text) => onBytes(Buffer.from(text));
    return { ended: this.exited.then(() => {}), close: () => (this.output = null) };
  }

  async askAgent(request: object, { signal }: Cancellable & { timeoutMs: number }): Promise<unknown> {
    signal.throwIfAborted();
    await sleep(1);
    if (this.agentFailure !== null || this.ended) {
      throw new EnvironmentError(`the agent in the client VM failed: ${this.agentFailure ?? 'the channel was closed'}`, 'use --cold to boot the VM anew');
    }
    const asked = request as Record<string, unknown>;
    this.asked.push(asked);
    if (asked.do === 'diagnose') return this.hang;
    return asked.do === 'resume' ? { time: Number(asked.time) + (this.#clockOffS.shift() ?? 0), kernel: '6.1.0-fake' } : {};
  }

  async saveState(path: string, { signal }: Cancellable): Promise<void> {
    signal.throwIfAborted();
    if (!this.#savable || this.ended) throw new EnvironmentError('the client VM could not be saved: its memory is not in a file', 'runs start cold');
    await writeFile(path, savedState);
  }

  async capture({ prefix }: CaptureSpec): Promise<VmCapture> {
    if (this.ended) throw new EnvironmentError('the traffic can’t be captured: the VM is gone', 'use --pcap never to do without');
    const file = `${prefix}1.pcap`;
    await writeFile(file, writePcap([]));
    const first = this.captures.push(file) - 1;
    let ended = false;
    return {
      segments: () => (ended ? [] : this.captures.slice(first)),
      stop: async () => {
        ended = true;
        await Promise.all(this.captures.slice(first).map((segment) => rm(segment, { force: true })));
      },
    };
  }

  async pressSysRq(key: string): Promise<void> {
    if (this.ended) throw new Error('QMP: the connection was closed');
    this.print(`[  200.0] sysrq: ${key === 'w' ? 'Show Blocked State' : key}\n`);
  }

  async examine(): Promise<{ status: string; registers: string }> {
    if (this.ended) throw new Error('QMP: the connection was closed');
    return { status: this.status, registers: 'RIP=ffffffffb6217a0b' };
  }

  async stop({ graceMs }: { graceMs: number }): Promise<void> {
    this.stops.push(graceMs);
    if (this.stopFailure !== null) throw new EnvironmentError(this.stopFailure, 'end it by hand');
    await sleep(1);
    this.ended = true;
    this.#end({ exitCode: 0, signal: null });
    await rm(this.record.qmpSocket, { force: true });
  }
}
