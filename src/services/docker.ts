import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { EnvironmentError } from '../model/errors.ts';
import { createOptions, DockerContainerHandle } from './docker-container.ts';
import { buildFileName, packContext } from './docker-context.ts';
import { engineFailure, settling, statusOf, UnreferencedAgent } from './docker-http.ts';
import { EngineLink, type EnginePatience } from './docker-link.ts';
import { sharesNetwork, thisHost } from './docker-route.ts';
import type {
  Cancellable,
  ContainerHandle,
  ContainerSpec,
  ContainerSummary,
  EngineAbsence,
  EngineDescription,
  EngineService,
  ImageBuild,
  ImageDescription,
  OnBytes,
  ReportProgress,
} from './types.ts';

/** One line of the engine's progress streams. */
interface EngineMessage {
  readonly stream?: string;
  readonly status?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

/** A container engine reached through Docker's API: Docker, or Podman's compatible socket. */
export class DockerEngineService implements EngineService {
  readonly #docker: Docker;
  /** For calls that wait for a container's end, and for pings: they must not keep a program running that leaves its container behind. */
  readonly #waiting: Docker;
  readonly #host: string;
  readonly #link: EngineLink;
  #sharesNetwork: Promise<boolean> | undefined;

  /** `host` is an address such as `unix:///var/run/docker.sock` or `tcp://127.0.0.1:2375`; `callMs` bounds every call that is no build, pull or import. */
  constructor(host: string, { callMs = 30_000, lossMs = 10_000 }: Partial<EnginePatience> = {}) {
    this.#host = host;
    const url = new URL(host);
    const address: Docker.DockerOptions =
      url.protocol === 'unix:' ? { socketPath: decodeURIComponent(url.pathname) } : { host: url.hostname, port: url.port || 2375, protocol: 'http' };
    this.#docker = settling(new Docker(address));
    // docker-modem takes an agent; dockerode's types don't say so.
    this.#waiting = settling(new Docker({ ...address, agent: new UnreferencedAgent() } as Docker.DockerOptions));
    this.#link = new EngineLink(this.#waiting, { callMs, lossMs });
  }

  async describe(): Promise<EngineDescription> {
    const version = await this.#call('ask for its version', () => this.#docker.version());
    const podman = version.Components?.some((component) => component.Name.startsWith('Podman')) ?? false;
    return { name: podman ? 'Podman' : 'Docker', version: version.Version, host: this.#host };
  }

  ping({ timeoutMs }: { timeoutMs: number }): Promise<boolean> {
    return this.#link.ping(timeoutMs);
  }

  doubt(): void {
    this.#link.doubt();
  }

  onAbsence(listener: (absence: EngineAbsence) => void): () => void {
    return this.#link.onAbsence(listener);
  }

  async inspectImage(reference: string): Promise<ImageDescription | null> {
    try {
      const image = await this.#link.call(() => this.#docker.getImage(reference).inspect());
      return { id: image.Id, labels: image.Config?.Labels ?? {} };
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw engineFailure(`look for image ${reference}`, error);
    }
  }

  async pullImage(reference: string, { signal, onProgress }: Cancellable & { onProgress: ReportProgress }): Promise<void> {
    const stream = await this.#long(`pull ${reference}`, () => this.#docker.pull(reference, { abortSignal: signal }));
    await this.#follow(stream, signal, ({ status, progressDetail }) => {
      const { current, total } = progressDetail ?? {};
      if (status) onProgress(`${reference}: ${status}`, current && total ? current / total : null);
    });
  }

  async importImage(reference: string, rootfs: NodeJS.ReadableStream, { signal }: Cancellable): Promise<void> {
    const [repo, tag] = splitReference(reference);
    const stream = await this.#long(`import ${reference}`, () =>
      // The API knows an import by `fromSrc=-`; dockerode's types leave the field out of `importImage`.
      this.#docker.importImage(rootfs, { repo, tag, abortSignal: signal } as object),
    );
    await this.#follow(stream, signal, () => {});
  }

  async buildImage(build: ImageBuild, { signal, onOutput }: Cancellable & { onOutput: OnBytes }): Promise<ImageDescription> {
    const context = await packContext(build);
    const stream = await this.#long(`build ${build.reference}`, () =>
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
      await this.#link.call(() => this.#docker.getImage(reference).remove());
    } catch (error) {
      if (statusOf(error) !== 404) throw engineFailure(`remove image ${reference}`, error);
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
    const handle = this.#handle(container.id, spec.name);
    try {
      signal.throwIfAborted();
      await this.#call(`start container ${spec.name}`, () => container.start());
      signal.throwIfAborted();
      return handle;
    } catch (error) {
      // What went wrong first is what the user has to know.
      await handle.remove({ graceMs: 0 }).catch(() => {});
      throw error;
    }
  }

  async attachContainer(id: string): Promise<ContainerHandle | null> {
    try {
      // A name is as good as an id here; the handle holds the id.
      const { Id, Name } = await this.#link.call(() => this.#docker.getContainer(id).inspect());
      return this.#handle(Id, Name.replace(/^\//, ''));
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw engineFailure(`look for container ${id.slice(0, 12)}`, error);
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

  #handle(id: string, name: string): DockerContainerHandle {
    return new DockerContainerHandle({
      ...{ container: this.#docker.getContainer(id), waiting: this.#waiting.getContainer(id), name, link: this.#link },
      sharesNetwork: () => this.#askForNetwork(),
    });
  }

  /** Asked once, as long as there is an answer. */
  #askForNetwork(): Promise<boolean> {
    this.#sharesNetwork ??= this.#call('tell where it runs', () => this.#docker.info()).then(
      (info) => sharesNetwork(info, thisHost()),
      () => {
        this.#sharesNetwork = undefined;
        return false;
      },
    );
    return this.#sharesNetwork;
  }

  #call<T>(what: string, request: () => Promise<T>): Promise<T> {
    return this.#long(what, () => this.#link.call(request));
  }

  /** A call that takes its time and has a signal to end it. */
  async #long<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw engineFailure(what, error);
    }
  }

  /** Reads a progress stream to its end; an `error` message in it becomes an exception. */
  #follow(stream: NodeJS.ReadableStream, signal: AbortSignal, onMessage: (message: EngineMessage) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        (stream as Readable).destroy();
        reject(signal.reason);
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      let failure: Error | null = null;
      const done = (broken: Error | null) => {
        signal.removeEventListener('abort', abort);
        if (signal.aborted) reject(signal.reason);
        else if (broken)
          reject(new EnvironmentError('the connection to the container engine broke off', 'see the engine’s own log, then try again', { cause: broken }));
        else if (failure) reject(new EnvironmentError(failure.message.trim(), 'the build log has the lines before it', { cause: failure }));
        else resolve();
      };
      this.#docker.modem.followProgress(stream, done, (message: EngineMessage) => {
        // docker-modem 5 takes it for progress: a build that fails would leave the old image and be called a success.
        if (message.error !== undefined) failure = new Error(message.error);
        else onMessage(message);
      });
    });
  }
}

function splitReference(reference: string): [repo: string, tag: string] {
  const colon = reference.lastIndexOf(':');
  return colon > reference.lastIndexOf('/') ? [reference.slice(0, colon), reference.slice(colon + 1)] : [reference, 'latest'];
}
