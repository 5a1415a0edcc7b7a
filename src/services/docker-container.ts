import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import { EngineGone, EngineTimeout, engineFailure, statusOf } from './docker-http.ts';
import type { EngineLink } from './docker-link.ts';
import { ContainerLogReader } from './docker-log.ts';
import { routeOf, runsHere, thisHost } from './docker-route.ts';
import type { Cancellable, ContainerHandle, ContainerRoute, ContainerSample, ContainerSpec, ContainerState } from './types.ts';

/** Parts of what the engine measures are missing where the container ended meanwhile. */
type CpuReading = Partial<Docker.ContainerStats['cpu_stats']>;

/** Load between two readings of a container's time and the system's; the formula is the one of `docker stats`. 0 where one is missing. */
export function loadBetween(before: CpuReading | undefined, now: CpuReading | undefined): number {
  if (!before?.cpu_usage || !now?.cpu_usage) return 0;
  const cpu = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const system = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  return system > 0 && cpu > 0 ? (cpu / system) * (now.online_cpus ?? 1) * 100 : 0;
}

const retryMs = 500;
/** An engine that answers and gives no state, so often in a row, has none to give. */
const maxFailures = 20;

const without = (status: 'removed' | 'unknown'): ContainerState => ({ status, exitCode: null, outOfMemory: false, startedAt: '', restarts: 0 });

export interface HandleParts {
  readonly container: Docker.Container;
  /** The same over connections that keep no program running. */
  readonly waiting: Docker.Container;
  readonly name: string;
  readonly link: EngineLink;
  /** Whether the engine's networks are this host's. */
  readonly sharesNetwork: () => Promise<boolean>;
}

/** A container reached through dockerode. */
export class DockerContainerHandle implements ContainerHandle {
  readonly id: string;
  readonly name: string;
  readonly #container: Docker.Container;
  readonly #waiting: Docker.Container;
  readonly #link: EngineLink;
  readonly #sharesNetwork: () => Promise<boolean>;
  #reading: CpuReading | undefined;
  #exited: Promise<ContainerState> | undefined;
  #removed: Promise<void> | undefined;

  constructor({ container, waiting, name, link, sharesNetwork }: HandleParts) {
    this.#container = container;
    this.#waiting = waiting;
    this.#link = link;
    this.#sharesNetwork = sharesNetwork;
    this.id = container.id;
    this.name = name;
  }

  // Asked for only after the start: a container that was merely created counts as not running.
  get exited(): Promise<ContainerState> {
    this.#exited ??= this.#waitForExit();
    return this.#exited;
  }

  async *logs({ signal }: Cancellable): AsyncIterable<Uint8Array> {
    const what = `read the log of ${this.name}`;
    const reader = new ContainerLogReader();
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      try {
        yield* this.#read(reader, signal);
        // An engine that is restarted may end its logs in good order, too.
        if (signal.aborted || !(await this.#isRunning())) return;
      } catch (error) {
        if (signal.aborted || (statusOf(error) === 404 && !isFirst)) return;
        if (statusOf(error) !== undefined) throw engineFailure(what, error);
        if ((await orAborted(this.#link.isBack(), signal)) === false) throw engineFailure(what, new EngineGone());
      }
      await sleep(retryMs, undefined, { signal }).catch(() => {});
    }
  }

  /** The log from where its reader is, until the connection ends or breaks. */
  async *#read(reader: ContainerLogReader, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const closing = new AbortController();
    const abortSignal = AbortSignal.any([signal, closing.signal]);
    try {
      const query = { follow: true as const, stdout: true, stderr: true, timestamps: true, since: reader.open(), abortSignal };
      for await (const chunk of await this.#container.logs(query)) {
        const text = reader.push(chunk as Buffer);
        if (text.length > 0) yield text;
      }
    } finally {
      // A reader that stops early must not leave the connection open.
      closing.abort();
    }
  }

  async #isRunning(): Promise<boolean> {
    try {
      return stateOf(await this.#link.call(() => this.#container.inspect())).exitCode === null;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }

  async state(): Promise<ContainerState> {
    return stateOf(await this.#call('state', () => this.#container.inspect()));
  }

  async sample(): Promise<ContainerSample> {
    // The first time two readings, a second apart, made by the engine itself; it has half the work with one.
    const before = this.#reading;
    const query = { stream: false as const, ...(before === undefined ? {} : { 'one-shot': true }) };
    const { cpu_stats: now, precpu_stats: first, memory_stats: memory } = await this.#call('load', () => this.#container.stats(query));
    this.#reading = now;
    return { cpuPercent: loadBetween(before ?? first, now), memoryBytes: memory?.usage ?? 0 };
  }

  async route(): Promise<ContainerRoute | null> {
    if (!(await this.#sharesNetwork())) return null;
    const container = await this.#call('address', () => this.#container.inspect());
    return (await runsHere(container)) ? routeOf(container, thisHost()) : null;
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
        const why = error instanceof EngineGone ? 'the container engine does not answer any more' : messageOf(error);
        throw new EnvironmentError(`the container ${this.name} could not be removed: ${why}`, `try \`docker rm -fv ${this.name}\``, { cause: error });
      }
    };
    const graceS = Math.ceil(graceMs / 1000);
    const { callMs } = this.#link.patience;
    if (graceMs > 0) await this.#link.call(() => this.#container.stop({ t: graceS }), callMs + graceS * 1000).catch(tolerate);
    await this.#link.call(() => this.#container.remove({ force: true, v: true })).catch(tolerate);
  }

  /** A connection that breaks off is no end of the container: the engine may be restarted below it. */
  async #waitForExit(): Promise<ContainerState> {
    let failures = 0;
    for (;;) {
      try {
        // `next-exit` would miss a container that has ended before the call.
        await this.#waiting.wait({ condition: 'not-running' });
      } catch (error) {
        if (statusOf(error) === 404) return without('removed');
        if (statusOf(error) === undefined && !(await this.#link.isBack())) return without('unknown');
      }
      try {
        const state = stateOf(await this.#link.call(() => this.#waiting.inspect()));
        if (state.exitCode !== null) return state;
        failures = 0;
      } catch (error) {
        if (statusOf(error) === 404) return without('removed');
        if (error instanceof EngineTimeout || ++failures >= maxFailures) return without('unknown');
      }
      await sleep(retryMs, undefined, { ref: false });
    }
  }

  async #call<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await this.#link.call(request);
    } catch (error) {
      throw engineFailure(`tell the ${what} of container ${this.name}`, error);
    }
  }
}

/** What something comes to; undefined as soon as the signal fires. */
async function orAborted<T>(happening: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const done = new AbortController();
  const gone = once(signal, 'abort', { signal: done.signal }).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([happening, gone]);
  } finally {
    done.abort();
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
