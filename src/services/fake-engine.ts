import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from '../model/errors.ts';
import { FakeContainer, type FakeProgram } from './fake-container.ts';
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

/** A container engine in memory. Public fields are its state and its script. */
export class FakeEngineService implements EngineService {
  readonly images = new Map<string, ImageDescription>();
  /** What a registry would give; empty: no registry answers. */
  readonly registry = new Set<string>();
  readonly containers: FakeContainer[] = [];
  /** What was asked for, one line each: `build ganesha:latest`. */
  readonly calls: string[] = [];
  readonly builds: ImageBuild[] = [];
  readonly specs: ContainerSpec[] = [];
  /** What runs in a container by the first word of its command; `''`: where the image has its own. */
  readonly programs = new Map<string, FakeProgram>([['', { output: 'ready\n' }]]);
  /** How long a start takes that nobody can hurry. */
  startMs = 1;
  /** How long a build takes. */
  buildMs = 0;
  buildFailure: string | null = null;
  /** Of the containers that it starts, where this host reaches them. */
  address: string | null = null;
  /** False: it takes connections and says nothing. */
  answers = true;
  /** How often it was found silent. */
  doubts = 0;
  readonly #listeners = new Set<(absence: EngineAbsence) => void>();
  #count = 0;

  addImage(reference: string, labels: Record<string, string> = {}): ImageDescription {
    const image = { id: `sha256:${++this.#count}`, labels };
    this.images.set(reference, image);
    return image;
  }

  async describe(): Promise<EngineDescription> {
    return { name: 'Fake', version: '1.0', host: 'unix:///fake.sock' };
  }

  async ping({ timeoutMs }: { timeoutMs: number }): Promise<boolean> {
    if (!this.answers) await sleep(timeoutMs, undefined, { ref: false });
    return this.answers;
  }

  doubt(): void {
    this.doubts += 1;
  }

  onAbsence(listener: (absence: EngineAbsence) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** It breaks off its connections, or answers again. */
  tell(absence: EngineAbsence): void {
    for (const listener of this.#listeners) listener(absence);
  }

  async inspectImage(reference: string): Promise<ImageDescription | null> {
    return this.#find(reference)?.[1] ?? null;
  }

  async pullImage(reference: string, { signal, onProgress }: Cancellable & { onProgress: ReportProgress }): Promise<void> {
    signal.throwIfAborted();
    this.calls.push(`pull ${reference}`);
    if (!this.registry.has(reference)) throw failed(`pull ${reference}: no registry has it`);
    onProgress(`${reference}: Downloading`, 0.5);
    this.addImage(reference);
  }

  async importImage(reference: string, rootfs: NodeJS.ReadableStream, { signal }: Cancellable): Promise<void> {
    signal.throwIfAborted();
    this.calls.push(`import ${reference}`);
    try {
      for await (const _chunk of rootfs) signal.throwIfAborted();
    } catch (error) {
      signal.throwIfAborted();
      throw failed(`import ${reference}: ${String(error)}`);
    }
    this.addImage(reference);
  }

  async buildImage(build: ImageBuild, { signal, onOutput }: Cancellable & { onOutput: OnBytes }): Promise<ImageDescription> {
    signal.throwIfAborted();
    this.calls.push(`build ${build.reference}`);
    this.builds.push(build);
    const dockerfile = await readFile(build.dockerfile, 'utf8');
    onOutput(`Step 1/1 : ${dockerfile.split('\n')[0]}\n`);
    await sleep(this.buildMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    if (this.buildFailure !== null) throw new EnvironmentError(this.buildFailure, 'the build log has the lines before it');
    if (dockerfile.includes('RUN false'))
      throw new EnvironmentError("The command '/bin/sh -c false' returned a non-zero code: 1", 'the build log has the lines before it');
    return this.addImage(build.reference, { ...build.labels });
  }

  async removeImage(reference: string): Promise<void> {
    this.calls.push(`remove ${reference}`);
    const found = this.#find(reference);
    const user = this.containers.find(({ removed, spec }) => !removed && spec.image === reference && reference.startsWith('sha256:'));
    if (user) throw failed(`remove image ${reference}: conflict: unable to delete (cannot be forced) - image is being used by running container ${user.id}`);
    if (found) this.images.delete(found[0]);
  }

  async listImages(filter: { readonly label: string } | { readonly repository: string }): Promise<readonly string[]> {
    const matches = ([reference, { labels }]: [string, ImageDescription]) =>
      'label' in filter ? hasLabel(labels, filter.label) : reference.replace(/:[^:/]*$/, '') === filter.repository;
    return [...this.images].filter(matches).map(([reference]) => reference);
  }

  async startContainer(spec: ContainerSpec, { signal }: Cancellable): Promise<ContainerHandle> {
    signal.throwIfAborted();
    this.specs.push(spec);
    await sleep(this.startMs);
    signal.throwIfAborted();
    if (!this.#find(spec.image)) throw failed(`create container ${spec.name}: No such image: ${spec.image}`);
    const others = this.containers.filter((container) => !container.removed);
    if (others.some(({ name }) => name === spec.name))
      throw failed(`create container ${spec.name}: Conflict. The container name "/${spec.name}" is already in use`);
    const taken = others.flatMap((container) => container.spec.ports).find(({ hostPort }) => spec.ports.some((port) => port.hostPort === hostPort));
    if (taken) throw failed(`start container ${spec.name}: Bind for ${taken.hostAddress}:${taken.hostPort} failed: port is already allocated`);
    const program = this.programs.get(spec.command[0] ?? '');
    if (!program) throw failed(`start container ${spec.name}: exec: "${spec.command[0]}": executable file not found`);
    const container = new FakeContainer(`fake-${++this.#count}`, spec, program);
    container.address = this.address;
    this.containers.push(container);
    return container;
  }

  async attachContainer(id: string): Promise<ContainerHandle | null> {
    return this.containers.find((container) => !container.removed && (container.id === id || container.name === id)) ?? null;
  }

  async listContainers(label: string): Promise<readonly ContainerSummary[]> {
    return this.containers
      .filter(({ removed, spec }) => !removed && hasLabel(spec.labels, label))
      .map(({ id, name, spec, status }) => ({ id, name, image: spec.image, labels: spec.labels, status }));
  }

  #find(reference: string): [string, ImageDescription] | undefined {
    return [...this.images].find(([name, { id }]) => name === reference || id === reference);
  }
}

const failed = (what: string) => new EnvironmentError(`the container engine could not ${what}`, 'see the message above and the engine’s own log');

function hasLabel(labels: Readonly<Record<string, string>>, filter: string): boolean {
  const [key = '', value] = filter.split('=');
  return value === undefined ? key in labels : labels[key] === value;
}
