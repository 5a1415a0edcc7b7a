import type { Options } from '../config/options.ts';
import { capabilitiesOf, readSeccompProfile, type ServerRecipe } from '../config/server-recipe.ts';
import { environmentId } from '../config/vm-files.ts';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import type { ServerIdentity } from '../model/events.ts';
import type { ContainerHandle, ContainerSpec, EngineService, PortService, ProbeService } from '../services/types.ts';
import { inPhase, progressOf, type StepContext } from './context.ts';
import type { ServerRecord } from './environment.ts';
import { labels } from './labels.ts';
import { choosePort } from './ports.ts';
import { delay, unlessAborted } from './wait.ts';

const phase = 'server';
const pollMs = 25;

/** Sources: RFC 5531's program numbers, RFC 1813 (NFS 3, MOUNT 3), RFC 8881 (NFS 4). */
export const rpcPrograms = { nfs: 100_003, mount: 100_005 } as const;

export interface ServerServices {
  readonly engine: EngineService;
  readonly ports: PortService;
  readonly probe: ProbeService;
}

export interface RunningServer {
  readonly record: ServerRecord;
  readonly container: ContainerHandle;
}

/** The last lines of the server's log, for messages. */
export type TailOf = (count: number) => { readonly path: string; readonly lines: readonly string[] };

export interface StartServerInput {
  readonly runId: string;
  readonly options: Options;
  readonly recipe: ServerRecipe;
  readonly identity: ServerIdentity;
  /** Image id: what was built is what runs, whatever happens to the tag meanwhile. */
  readonly imageId: string;
  readonly tail: TailOf;
  /** Called as soon as the container exists. */
  readonly onStarted: (server: RunningServer) => Promise<void>;
}

/** What the container will be; also printed by --dry-run. */
export function containerSpec(
  { runId, options, recipe, imageId }: Pick<StartServerInput, 'runId' | 'options' | 'recipe' | 'imageId'>,
  name: string,
  nfsPort: number,
  mountPort: number,
): ContainerSpec {
  const hostAddress = '127.0.0.1';
  const ports = [{ containerPort: recipe.nfsPort, hostPort: nfsPort, hostAddress }];
  if (recipe.mountPort !== recipe.nfsPort) ports.push({ containerPort: recipe.mountPort, hostPort: mountPort, hostAddress });
  const { engine } = recipe;
  return {
    name,
    image: imageId,
    labels: { [labels.run]: runId, [labels.environment]: environmentId(options.vmDir) },
    env: engine.env,
    command: engine.command,
    capAdd: capabilitiesOf(engine),
    capDrop: ['ALL'],
    newPrivileges: engine.newPrivileges,
    seccomp: readSeccompProfile(recipe),
    volumes: engine.volumes,
    tmpfs: engine.tmpfs,
    stopSignal: engine.stopSignal,
    ports,
  };
}

export function containerName({ imageName, instance, lane }: Options): string {
  const name = [imageName.value.replace(/[^a-zA-Z0-9_.-]/g, '-'), 'server', ...(instance === '' ? [] : [instance])].join('-');
  return lane === 0 ? name : `${name}-${lane + 1}`;
}

/** Longest time from the container's start until the server answers. */
export const readinessMs = ({ deadlines }: Pick<Options, 'deadlines'>, { readiness }: Pick<ServerRecipe, 'readiness'>): number =>
  deadlines.serverMs ?? readiness.timeoutSeconds * 1000;

/** Starts the server's container and waits until it answers NFS. */
export function startServer(input: StartServerInput, services: ServerServices, context: StepContext): Promise<RunningServer> {
  return inPhase(
    context,
    phase,
    (timed) => start(input, services, timed),
    ({ record }) => `${record.containerName} on 127.0.0.1:${record.nfsPort}`,
  );
}

async function start(input: StartServerInput, { engine, ports, probe }: ServerServices, context: StepContext): Promise<RunningServer> {
  const { options, recipe, identity } = input;
  const nfsPort = await choosePort({ what: 'NFS', flag: '--port', setting: options.nfsPort, avoid: [options.sshPort.value] }, ports, context);
  const mountPort = recipe.mountPort === recipe.nfsPort ? nfsPort : await ports.findFree({ from: nfsPort + 1, avoid: [nfsPort, options.sshPort.value] });
  const name = await freeContainerName(input, engine);
  const container = await engine.startContainer(containerSpec(input, name, nfsPort, mountPort), { signal: context.signal });
  const record: ServerRecord = {
    identity,
    containerId: container.id,
    containerName: name,
    imageId: input.imageId,
    nfsPort,
    mountPort,
    export: recipe.export,
    nfsVersions: recipe.nfsVersions,
  };
  const server = { record, container };
  await input.onStarted(server);
  context.report({ type: 'server.started', containerId: container.id, containerName: name, nfsPort, mountPort, image: identity.image, imageId: input.imageId });
  await waitUntilReady(input, server, probe, context);
  context.report({ type: 'server.ready' });
  return server;
}

/** Another checkout may run the same server: its container keeps its name. */
async function freeContainerName(input: StartServerInput, engine: EngineService): Promise<string> {
  const name = containerName(input.options);
  const holder = await engine.attachContainer(name);
  return holder === null ? name : `${name}-${input.runId.slice(-4)}`;
}

async function waitUntilReady(input: StartServerInput, { record, container }: RunningServer, probe: ProbeService, context: StepContext): Promise<void> {
  const { readiness } = input.recipe;
  // Minor versions of 4 share a program: only a mount tells them apart.
  const versions = [...new Set(input.options.nfsVersions.map((version) => Number(version[0])))];
  const names = versions.map((version) => `v${version}`).join(' and ');
  const readyMs = readinessMs(input.options, input.recipe);
  const deadline = performance.now() + readyMs;
  const pattern = readiness.logPattern === null ? null : new RegExp(readiness.logPattern);
  const host = '127.0.0.1';
  const timeoutMs = 2_000;
  progressOf(context, phase)(`waiting for NFS ${names} on port ${record.nfsPort}`);
  const serves = async (version: number): Promise<boolean> =>
    (await probe.rpcAnswers({ host, port: record.nfsPort, program: rpcPrograms.nfs, version, timeoutMs })) &&
    (version !== 3 || (await probe.rpcAnswers({ host, port: record.mountPort, program: rpcPrograms.mount, version: 3, timeoutMs })));
  let ended = false;
  void container.exited.then(() => {
    ended = true;
  });
  for (;;) {
    context.signal.throwIfAborted();
    if (ended) {
      const state = await container.state().catch(() => null);
      throw new EnvironmentError(
        `the server ended before it was ready (exit code ${state?.exitCode ?? 'unknown'}${state?.outOfMemory ? ', out of memory' : ''})`,
        'its log says why',
        { log: input.tail(15) },
      );
    }
    const said = pattern === null || input.tail(1_000).lines.some((line) => pattern.test(line));
    if (said && (await allTrue(versions, serves))) return;
    if (performance.now() > deadline) {
      const missing = said ? `does not answer NFS ${names} on port ${record.nfsPort}` : `did not print /${readiness.logPattern}/`;
      throw new EnvironmentError(
        `the server ${missing} after ${readyMs / 1000} s`,
        'its log may say why; server.json sets ports, versions and the time, which --server-timeout overrides',
        {
          log: input.tail(15),
        },
      );
    }
    await delay(pollMs, context.signal);
  }
}

/** One after the other, as far as the first that does not hold. */
async function allTrue<T>(items: readonly T[], holds: (item: T) => Promise<boolean>): Promise<boolean> {
  for (const item of items) if (!(await holds(item))) return false;
  return true;
}

const sampleEveryMs = 3_000;

/** Samples the container's state until it ends or the signal fires; only changes of a rate that people can read. An absence of the engine is no end. */
export async function sampleServer(container: ContainerHandle, context: StepContext, engine: Pick<EngineService, 'ping'>): Promise<void> {
  let toldOfMemory = false;
  let failures = 0;
  while (!context.signal.aborted) {
    try {
      // The engine takes a second for the first sample: the end of a run does not wait for it.
      const taken = await unlessAborted(context.signal, Promise.all([container.state(), container.sample()]));
      if (taken === null) return;
      failures = 0;
      const [state, sample] = taken;
      if (state.outOfMemory && state.status === 'running' && !toldOfMemory) {
        toldOfMemory = true;
        context.report({ type: 'note.reported', level: 'warning', message: 'a process in the server’s container was ended for lack of memory' });
      }
      context.report({
        type: 'server.sampled',
        state: state.status,
        cpuPercent: Math.round(sample.cpuPercent * 10) / 10,
        memoryBytes: sample.memoryBytes,
        restarts: state.restarts,
      });
      if (state.status !== 'running') return;
    } catch (error) {
      // Of an engine that is away others tell; a connection that broke is there again at the next try.
      if (await unlessAborted(context.signal, engine.ping({ timeoutMs: sampleEveryMs }))) failures += 1;
      if (context.signal.aborted) return;
      if (failures >= 2) {
        context.report({ type: 'note.reported', level: 'warning', message: `the container's state can't be read: ${messageOf(error)}` });
        return;
      }
    }
    await delay(sampleEveryMs, context.signal).catch(() => {});
  }
}
