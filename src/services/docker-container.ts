import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import { engineFailure, inTime, statusOf } from './docker-http.ts';
import type { Cancellable, ContainerHandle, ContainerSample, ContainerSpec, ContainerState } from './types.ts';

/**
 * Load out of what the engine measured; the formula is the one of `docker stats`.
 *
 * @param stats parts of it are missing where the container ended meanwhile.
 */
export function loadOf(stats: { readonly [Key in 'cpu_stats' | 'precpu_stats' | 'memory_stats']?: Partial<Docker.ContainerStats[Key]> }): ContainerSample {
  const { cpu_stats: now, precpu_stats: before, memory_stats: memory } = stats;
  const cpu = (now?.cpu_usage?.total_usage ?? 0) - (before?.cpu_usage?.total_usage ?? 0);
  const system = (now?.system_cpu_usage ?? 0) - (before?.system_cpu_usage ?? 0);
  const cpus = now?.online_cpus ?? 1;
  return { cpuPercent: system > 0 && cpu > 0 ? (cpu / system) * cpus * 100 : 0, memoryBytes: memory?.usage ?? 0 };
}

const retryMs = 500;

/** How long an engine may be silent. */
export interface EnginePatience {
  /** For a single call. */
  readonly callMs: number;
  /** Before it counts as gone: one that is restarted is back sooner, and its containers may have gone on. */
  readonly lossMs: number;
}

const without = (status: 'removed' | 'unknown'): ContainerState => ({ status, exitCode: null, outOfMemory: false, startedAt: '', restarts: 0 });

/** A container reached through dockerode. */
export class DockerContainerHandle implements ContainerHandle {
  readonly id: string;
  readonly name: string;
  readonly #container: Docker.Container;
  readonly #waiting: Docker.Container;
  readonly #callMs: number;
  readonly #lossMs: number;
  #exited: Promise<ContainerState> | undefined;
  #removed: Promise<void> | undefined;

  /** `waiting` is the same container over connections that keep no program running. */
  constructor({ container, waiting, name, callMs, lossMs }: { container: Docker.Container; waiting: Docker.Container; name: string } & EnginePatience) {
    this.#container = container;
    this.#waiting = waiting;
    this.#callMs = callMs;
    this.#lossMs = lossMs;
    this.id = container.id;
    this.name = name;
  }

  // Asked for only after the start: a container that was merely created counts as not running.
  get exited(): Promise<ContainerState> {
    this.#exited ??= this.#waitForExit();
    return this.#exited;
  }

  async *logs({ signal }: Cancellable): AsyncIterable<Uint8Array> {
    const closing = new AbortController();
    const output = new PassThrough();
    // A log that is cut off has come to its end: what was read of it is all there is.
    output.on('error', () => {});
    try {
      const raw = await this.#container.logs({ follow: true, stdout: true, stderr: true, abortSignal: AbortSignal.any([signal, closing.signal]) });
      this.#container.modem.demuxStream(raw, output, output);
      raw.on('end', () => output.end());
      raw.on('error', () => output.end());
      for await (const chunk of output) yield chunk as Uint8Array;
    } catch (error) {
      if (!signal.aborted) throw engineFailure(`read the log of ${this.name}`, error);
    } finally {
      // A reader that stops early must not leave the connection open.
      closing.abort();
    }
  }

  async state(): Promise<ContainerState> {
    return stateOf(await this.#call('state', () => this.#container.inspect()));
  }

  async sample(): Promise<ContainerSample> {
    // Two readings one second apart, made by the engine itself.
    return loadOf(await this.#call('load', () => this.#container.stats({ stream: false })));
  }

  remove({ graceMs }: { graceMs: number }): Promise<void> {
    // Who is in a hurry does not wait for the grace that somebody else gave.
    if (this.#removed !== undefined && graceMs > 0) return this.#removed;
    const removal = this.#remove(graceMs);
    // A removal that failed may be tried again.
    const forget = () => {
      if (this.#removed === removal) this.#removed = undefined;
    };
    this.#removed = removal;
    removal.catch(forget);
    return removal;
  }

  async #remove(graceMs: number): Promise<void> {
    // 304: already stopped, 404: already gone, 409: being removed by someone else.
    const tolerate = (error: unknown) => {
      if (![304, 404, 409].includes(statusOf(error) ?? 0)) {
        throw new EnvironmentError(`the container ${this.name} could not be removed: ${messageOf(error)}`, `try \`docker rm -fv ${this.name}\``, {
          cause: error,
        });
      }
    };
    const graceS = Math.ceil(graceMs / 1000);
    if (graceMs > 0) await inTime(this.#callMs + graceS * 1000, this.#container.stop({ t: graceS })).catch(tolerate);
    await inTime(this.#callMs, this.#container.remove({ force: true, v: true })).catch(tolerate);
  }

  /** A connection that breaks off is no end of the container: the engine may be restarted below it. */
  async #waitForExit(): Promise<ContainerState> {
    let silentFromMs: number | null = null;
    for (;;) {
      try {
        // `next-exit` would miss a container that has ended before the call.
        await this.#waiting.wait({ condition: 'not-running' });
      } catch (error) {
        if (statusOf(error) === 404) return without('removed');
      }
      try {
        const state = stateOf(await inTime(this.#callMs, this.#waiting.inspect()));
        if (state.exitCode !== null) return state;
        silentFromMs = null;
      } catch (error) {
        if (statusOf(error) === 404) return without('removed');
        silentFromMs ??= performance.now();
        if (performance.now() - silentFromMs > this.#lossMs) return without('unknown');
      }
      await sleep(retryMs, undefined, { ref: false });
    }
  }

  async #call<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await inTime(this.#callMs, request());
    } catch (error) {
      throw engineFailure(`tell the ${what} of container ${this.name}`, error);
    }
  }
}

function stateOf({ State, RestartCount }: Docker.ContainerInspectInfo): ContainerState {
  return {
    status: State.Status,
    exitCode: State.Running ? null : State.ExitCode,
    outOfMemory: State.OOMKilled,
    startedAt: State.StartedAt,
    restarts: RestartCount,
  };
}

/** A spec in the engine's words. */
export function createOptions(spec: ContainerSpec): Docker.ContainerCreateOptions {
  const key = (port: number) => `${port}/tcp`;
  return {
    name: spec.name,
    Image: spec.image,
    Labels: { ...spec.labels },
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    ...(spec.command.length > 0 ? { Cmd: [...spec.command] } : {}),
    StopSignal: spec.stopSignal,
    ExposedPorts: Object.fromEntries(spec.ports.map((port) => [key(port.containerPort), {}])),
    Volumes: Object.fromEntries(spec.volumes.map((path) => [path, {}])),
    HostConfig: {
      CapAdd: [...spec.capAdd],
      CapDrop: [...spec.capDrop],
      SecurityOpt: [...(spec.newPrivileges ? [] : ['no-new-privileges']), ...(spec.seccomp === null ? [] : [`seccomp=${spec.seccomp}`])],
      Tmpfs: { ...spec.tmpfs },
      PortBindings: Object.fromEntries(spec.ports.map((port) => [key(port.containerPort), [{ HostIp: port.hostAddress, HostPort: String(port.hostPort) }]])),
    },
  };
}
