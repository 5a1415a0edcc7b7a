import { readFile } from 'node:fs/promises';
import { PassThrough, type Readable } from 'node:stream';
import dockerignore from '@balena/dockerignore';
import Docker from 'dockerode';
import tar from 'tar-fs';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import type {
  Cancellable,
  ContainerHandle,
  ContainerSample,
  ContainerSpec,
  ContainerState,
  ContainerSummary,
  EngineDescription,
  EngineService,
  ImageBuild,
  ImageDescription,
  OnBytes,
  ReportProgress,
} from './types.ts';

const buildFileName = '.nfstest-tui.Dockerfile';

/** One line of the engine's progress streams. */
interface EngineMessage {
  readonly stream?: string;
  readonly status?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

const statusOf = (error: unknown) => (error as { statusCode?: number }).statusCode;

/** A container engine reached through Docker's API: Docker, or Podman's compatible socket. */
export class DockerEngineService implements EngineService {
  readonly #docker: Docker;
  readonly #host: string;

  /** `host` is an address such as `unix:///var/run/docker.sock` or `tcp://127.0.0.1:2375`. */
  constructor(host: string) {
    this.#host = host;
    const url = new URL(host);
    this.#docker =
      url.protocol === 'unix:' ? new Docker({ socketPath: url.pathname }) : new Docker({ host: url.hostname, port: url.port || 2375, protocol: 'http' });
  }

  async describe(): Promise<EngineDescription> {
    const version = await this.#call('ask for its version', () => this.#docker.version());
    const podman = version.Components?.some((component) => component.Name.startsWith('Podman')) ?? false;
    return { name: podman ? 'Podman' : 'Docker', version: version.Version, host: this.#host };
  }

  async inspectImage(reference: string): Promise<ImageDescription | null> {
    try {
      const image = await this.#docker.getImage(reference).inspect();
      return { id: image.Id, labels: image.Config?.Labels ?? {} };
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw this.#failed(`look for image ${reference}`, error);
    }
  }

  async pullImage(reference: string, { signal, onProgress }: Cancellable & { onProgress: ReportProgress }): Promise<void> {
    const stream = await this.#call(`pull ${reference}`, () => this.#docker.pull(reference, { abortSignal: signal }));
    await this.#follow(stream, signal, ({ status, progressDetail }) => {
      const { current, total } = progressDetail ?? {};
      if (status) onProgress(`${reference}: ${status}`, current && total ? current / total : null);
    });
  }

  async importImage(reference: string, rootfs: NodeJS.ReadableStream, { signal }: Cancellable): Promise<void> {
    const [repo, tag] = splitReference(reference);
    const stream = await this.#call(`import ${reference}`, () =>
      // The API knows an import by `fromSrc=-`; dockerode's types leave the field out of `importImage`.
      this.#docker.importImage(rootfs, { repo, tag, abortSignal: signal } as object),
    );
    await this.#follow(stream, signal, () => {});
  }

  async buildImage(build: ImageBuild, { signal, onOutput }: Cancellable & { onOutput: OnBytes }): Promise<ImageDescription> {
    const context = await packContext(build);
    const stream = await this.#call(`build ${build.reference}`, () =>
      this.#docker.buildImage(context, {
        t: build.reference,
        dockerfile: buildFileName,
        buildargs: { ...build.args },
        labels: { ...build.labels },
        rm: true,
        forcerm: true,
        abortSignal: signal,
      }),
    );
    await this.#follow(stream, signal, (message) => {
      if (message.stream) onOutput(message.stream);
      else if (message.status) onOutput(`${message.status}\n`);
    });
    const image = await this.inspectImage(build.reference);
    if (!image) throw new EnvironmentError(`the engine built ${build.reference}, but it is gone`, 'try again; see `docker images`');
    return image;
  }

  async removeImage(reference: string): Promise<void> {
    try {
      await this.#docker.getImage(reference).remove();
    } catch (error) {
      if (statusOf(error) !== 404) throw this.#failed(`remove image ${reference}`, error);
    }
  }

  async listImages(filter: { readonly label: string } | { readonly repository: string }): Promise<readonly string[]> {
    const filters = 'label' in filter ? { label: [filter.label] } : { reference: [filter.repository] };
    const images = await this.#call('list images', () => this.#docker.listImages({ filters }));
    return images.flatMap((image) => (image.RepoTags?.length ? image.RepoTags.filter((tag) => tag !== '<none>:<none>') : [image.Id]));
  }

  async startContainer(spec: ContainerSpec, { signal }: Cancellable): Promise<ContainerHandle> {
    signal.throwIfAborted();
    const container = await this.#call(`create container ${spec.name}`, () => this.#docker.createContainer(createOptions(spec)));
    const handle = new DockerContainerHandle(container, spec.name);
    try {
      signal.throwIfAborted();
      await this.#call(`start container ${spec.name}`, () => container.start());
      signal.throwIfAborted();
      return handle;
    } catch (error) {
      await handle.remove({ graceMs: 0 });
      throw error;
    }
  }

  async attachContainer(id: string): Promise<ContainerHandle | null> {
    const container = this.#docker.getContainer(id);
    try {
      const { Name } = await container.inspect();
      return new DockerContainerHandle(container, Name.replace(/^\//, ''));
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw this.#failed(`look for container ${id.slice(0, 12)}`, error);
    }
  }

  async listContainers(label: string): Promise<readonly ContainerSummary[]> {
    const containers = await this.#call('list containers', () => this.#docker.listContainers({ all: true, filters: { label: [label] } }));
    return containers.map((container) => ({
      id: container.Id,
      name: container.Names[0]?.replace(/^\//, '') ?? container.Id.slice(0, 12),
      image: container.Image,
      labels: container.Labels,
      status: container.State,
    }));
  }

  async #call<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw this.#failed(what, error);
    }
  }

  #failed(what: string, error: unknown): Error {
    if (error instanceof Error && error.name === 'AbortError') return error;
    const text = messageOf(error)
      .replace(/^\(HTTP code \d+\) [^-]*- /, '')
      .trim();
    const code = (error as NodeJS.ErrnoException).code;
    const hint =
      code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'EACCES'
        ? 'run `nfstest-tui doctor` to see which engines were tried'
        : 'see the message above and the engine’s own log';
    return new EnvironmentError(`the container engine could not ${what}: ${text}`, hint, { cause: error });
  }

  /** Reads a progress stream to its end; an `error` message in it becomes an exception. */
  #follow(stream: NodeJS.ReadableStream, signal: AbortSignal, onMessage: (message: EngineMessage) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        (stream as Readable).destroy();
        reject(signal.reason);
      };
      signal.addEventListener('abort', abort, { once: true });
      const done = (error: Error | null) => {
        signal.removeEventListener('abort', abort);
        if (error)
          reject(signal.aborted ? signal.reason : new EnvironmentError(error.message.trim(), 'the build log has the lines before it', { cause: error }));
        else resolve();
      };
      this.#docker.modem.followProgress(stream, done, onMessage);
    });
  }
}

class DockerContainerHandle implements ContainerHandle {
  readonly id: string;
  readonly name: string;
  readonly #container: Docker.Container;
  #exited: Promise<ContainerState> | undefined;
  #removed: Promise<void> | undefined;

  constructor(container: Docker.Container, name: string) {
    this.#container = container;
    this.id = container.id;
    this.name = name;
  }

  // Asked for only after the start: a container that was merely created counts as not running.
  get exited(): Promise<ContainerState> {
    this.#exited ??= this.#waitForExit();
    return this.#exited;
  }

  async *logs({ signal }: Cancellable): AsyncIterable<Uint8Array> {
    const raw = await this.#container.logs({ follow: true, stdout: true, stderr: true, abortSignal: signal });
    const output = new PassThrough();
    this.#container.modem.demuxStream(raw, output, output);
    raw.on('end', () => output.end());
    raw.on('error', () => output.end());
    signal.addEventListener('abort', () => output.end(), { once: true });
    for await (const chunk of output) yield chunk as Uint8Array;
  }

  async state(): Promise<ContainerState> {
    const { State, RestartCount } = await this.#container.inspect();
    return {
      status: State.Status,
      exitCode: State.Running ? null : State.ExitCode,
      outOfMemory: State.OOMKilled,
      startedAt: State.StartedAt,
      restarts: RestartCount,
    };
  }

  async sample(): Promise<ContainerSample> {
    // Two readings one second apart, made by the engine itself; the formula is the one of `docker stats`.
    const stats = await this.#container.stats({ stream: false });
    const cpu = stats.cpu_stats.cpu_usage.total_usage - stats.precpu_stats.cpu_usage.total_usage;
    const system = stats.cpu_stats.system_cpu_usage - (stats.precpu_stats.system_cpu_usage ?? 0);
    const cpus = stats.cpu_stats.online_cpus ?? 1;
    return { cpuPercent: system > 0 ? (cpu / system) * cpus * 100 : 0, memoryBytes: stats.memory_stats.usage ?? 0 };
  }

  remove({ graceMs }: { graceMs: number }): Promise<void> {
    this.#removed ??= this.#remove(graceMs);
    return this.#removed;
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
      await this.#container.wait({ condition: 'not-running' });
      return await this.state();
    } catch {
      return { status: 'removed', exitCode: null, outOfMemory: false, startedAt: '', restarts: 0 };
    }
  }
}

function createOptions(spec: ContainerSpec): Docker.ContainerCreateOptions {
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
      ...(spec.seccomp === null ? {} : { SecurityOpt: [`seccomp=${spec.seccomp}`] }),
      Tmpfs: { ...spec.tmpfs },
      PortBindings: Object.fromEntries(spec.ports.map((port) => [key(port.containerPort), [{ HostIp: port.hostAddress, HostPort: String(port.hostPort) }]])),
    },
  };
}

function splitReference(reference: string): [repo: string, tag: string] {
  const colon = reference.lastIndexOf(':');
  return colon > reference.lastIndexOf('/') ? [reference.slice(0, colon), reference.slice(colon + 1)] : [reference, 'latest'];
}

/** The build context as a tar stream, the Dockerfile added under a name of ours. */
async function packContext(build: ImageBuild): Promise<Readable> {
  const dockerfile = await readFile(build.dockerfile, 'utf8');
  const filter = dockerignore.default();
  if (build.ignoreFile !== null) filter.add(await readFile(build.ignoreFile, 'utf8'));
  const prefix = build.contextDir.endsWith('/') ? build.contextDir : `${build.contextDir}/`;
  return tar.pack(build.contextDir, {
    ignore: (name) => name !== build.contextDir && filter.ignores(name.slice(prefix.length)),
    finalize: false,
    finish: (pack) => {
      pack.entry({ name: buildFileName }, dockerfile, () => pack.finalize());
    },
  } as tar.PackOptions) as unknown as Readable;
}
