import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from '../model/errors.ts';
import type { Cancellable, ContainerHandle, ContainerRoute, ContainerSample, ContainerSpec, ContainerState } from './types.ts';

/** What a fake container does. */
export interface FakeProgram {
  readonly output: string;
  /** When it ends by itself; never where left out. */
  readonly endsAfterMs?: number;
  readonly exitCode?: number;
  readonly outOfMemory?: boolean;
  /** How long the engine takes to tell its state. */
  readonly stateMs?: number;
}

/** A container in memory that plays a program. */
export class FakeContainer implements ContainerHandle {
  readonly id: string;
  readonly name: string;
  readonly spec: ContainerSpec;
  readonly exited: Promise<ContainerState>;
  status = 'running';
  removed = false;
  /** Its own, where this host reaches it. */
  address: string | null = null;
  /** Where set, removing it fails with this message. */
  removeFailure: string | null = null;
  /** Grace of every removal that was asked for. */
  readonly removals: number[] = [];
  readonly #program: FakeProgram;
  readonly #end: (state: ContainerState) => void;
  #last: ContainerState | undefined;

  constructor(id: string, spec: ContainerSpec, program: FakeProgram) {
    this.id = id;
    this.name = spec.name;
    this.spec = spec;
    this.#program = program;
    const { promise, resolve } = Promise.withResolvers<ContainerState>();
    this.exited = promise;
    this.#end = resolve;
    if (program.endsAfterMs !== undefined) setTimeout(() => this.die(), program.endsAfterMs).unref();
  }

  /** It ends by itself. */
  die({ exitCode = this.#program.exitCode ?? 0, outOfMemory = this.#program.outOfMemory ?? false } = {}): void {
    this.#finish({ status: 'exited', exitCode, outOfMemory, startedAt: '2026-01-01T00:00:00Z', restarts: 0 });
  }

  /** The engine does not know of it any more. */
  forget(): void {
    this.#finish({ status: 'unknown', exitCode: null, outOfMemory: false, startedAt: '', restarts: 0 });
  }

  async *logs({ signal }: Cancellable): AsyncIterable<Uint8Array> {
    if (signal.aborted) return;
    yield Buffer.from(this.#program.output);
    while (!signal.aborted && this.#last === undefined) await sleep(5);
  }

  async state(): Promise<ContainerState> {
    const { stateMs = 0 } = this.#program;
    if (stateMs > 0) await sleep(stateMs, undefined, { ref: false });
    if (this.removed)
      throw new EnvironmentError(`the container engine could not tell the state of container ${this.name}: No such container`, 'see the engine’s own log');
    return this.#last ?? { status: this.status, exitCode: null, outOfMemory: false, startedAt: '2026-01-01T00:00:00Z', restarts: 0 };
  }

  async sample(): Promise<ContainerSample> {
    return { cpuPercent: 12.34, memoryBytes: 50 * 2 ** 20 };
  }

  async route(): Promise<ContainerRoute | null> {
    if (this.removed)
      throw new EnvironmentError(`the container engine could not tell the address of container ${this.name}: No such container`, 'see the engine’s own log');
    return this.address === null
      ? null
      : { host: this.address, ports: new Map(this.spec.ports.map(({ hostPort, containerPort }) => [hostPort, containerPort])) };
  }

  async remove({ graceMs }: { graceMs: number }): Promise<void> {
    this.removals.push(graceMs);
    if (this.removeFailure !== null) throw new EnvironmentError(this.removeFailure, `try \`docker rm -fv ${this.name}\``);
    await sleep(1);
    this.removed = true;
    this.#finish({ status: 'removed', exitCode: null, outOfMemory: false, startedAt: '', restarts: 0 });
  }

  #finish(state: ContainerState): void {
    this.#last ??= state;
    this.status = this.#last.status;
    this.#end(this.#last);
  }
}
