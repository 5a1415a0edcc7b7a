import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import { engineFailure, statusOf } from './docker-http.ts';
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

/** A container reached through dockerode. */
export class DockerContainerHandle implements ContainerHandle {
  readonly id: string;
  readonly name: string;
  readonly #container: Docker.Container;
  readonly #waiting: Docker.Container;
  #exited: Promise<ContainerState> | undefined;
  #removed: Promise<void> | undefined;

  /** `waiting` is the same container over connections that keep no program running. */
  constructor({ container, waiting, name }: { container: Docker.Container; waiting: Docker.Container; name: string }) {
    this.#container = container;
    this.#waiting = waiting;
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
    const { State, RestartCount } = await this.#call('state', () => this.#container.inspect());
    return {
      status: State.Status,
      exitCode: State.Running ? null : State.ExitCode,
      outOfMemory: State.OOMKilled,
      startedAt: State.StartedAt,
      restarts: RestartCount,
    };
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
    if (graceMs > 0) await this.#container.stop({ t: Math.ceil(graceMs / 1000) }).catch(tolerate);
    await this.#container.remove({ force: true, v: true }).catch(tolerate);
  }

  async #waitForExit(): Promise<ContainerState> {
    try {
      // `next-exit` would miss a container that has ended before the call.
      await this.#waiting.wait({ condition: 'not-running' });
      return await this.state();
    } catch {
      return { status: 'removed', exitCode: null, outOfMemory: false, startedAt: '', restarts: 0 };
    }
  }

  async #call<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw engineFailure(`tell the ${what} of container ${this.name}`, error);
    }
  }
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
