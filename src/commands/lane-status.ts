import type { Options } from '../config/options.ts';
import { vmFiles } from '../config/vm-files.ts';
import type { ServerIdentity } from '../model/events.ts';
import type { ContainerSample, EngineService, ProbeService, ProcessTable, VmRecord } from '../services/types.ts';
import { type EnvironmentRecord, readEnvironment, type ServerRecord } from '../steps/environment.ts';
import { rpcPrograms } from '../steps/server.ts';

/** How long a server may take to answer. */
const answerMs = 2_000;

/** The server of a lane, as it is now. */
export interface ServerStatus extends ServerIdentity {
  /** Name of the container. */
  readonly container: string;
  /** The engine's word; `gone` where there is no such container any more. */
  readonly state: string;
  readonly answers: boolean;
  readonly nfsPort: number;
  readonly mountPort: number;
  readonly cpuPercent: number | null;
  readonly memoryBytes: number | null;
}

/** The client VM of a lane, as it is now. */
export interface VmStatus {
  readonly pid: number;
  readonly state: 'running' | 'gone';
  readonly accelerator: string;
  readonly sshPort: number;
  /** Path of its console's log. */
  readonly console: string;
}

/** What runs of a lane's environment; null for what was not started. */
export interface LaneStatus {
  /** Number of the lane, from 1 as people see it. */
  readonly lane: number;
  readonly server: ServerStatus | null;
  readonly vm: VmStatus | null;
}

export interface StatusServices {
  readonly engine: Pick<EngineService, 'attachContainer'>;
  readonly probe: ProbeService;
  readonly processes: ProcessTable;
}

async function serverStatus(record: ServerRecord, { engine, probe }: StatusServices): Promise<ServerStatus> {
  const container = await engine.attachContainer(record.containerId);
  const state = container ? await container.state() : null;
  const running = state?.status === 'running';
  const version = Number(record.nfsVersions[0]?.[0] ?? 3);
  const [answers, sample] = await Promise.all([
    running ? probe.rpcAnswers({ host: '127.0.0.1', port: record.nfsPort, program: rpcPrograms.nfs, version, timeoutMs: answerMs }) : false,
    running && container ? container.sample().catch((): ContainerSample | null => null) : null,
  ]);
  return {
    ...record.identity,
    container: record.containerName,
    state: state?.status ?? 'gone',
    answers,
    nfsPort: record.nfsPort,
    mountPort: record.mountPort,
    cpuPercent: sample?.cpuPercent ?? null,
    memoryBytes: sample?.memoryBytes ?? null,
  };
}

async function vmStatus(record: VmRecord, { processes }: StatusServices, console: string): Promise<VmStatus> {
  const runs = (await processes.startTime(record.pid)) === record.startTime;
  const { pid, accelerator, sshPort } = record;
  return { pid, state: runs ? 'running' : 'gone', accelerator, sshPort, console };
}

/** Looks at what is written down of a lane; null where nothing is. */
export async function laneStatus(
  options: Pick<Options, 'vmDir' | 'lane'>,
  services: StatusServices,
): Promise<{ readonly record: EnvironmentRecord; readonly status: LaneStatus } | null> {
  const record = await readEnvironment(options);
  if (record === null) return null;
  const [server, vm] = await Promise.all([
    record.server && serverStatus(record.server, services),
    record.vm && vmStatus(record.vm, services, vmFiles(options).consoleLog),
  ]);
  return { record, status: { lane: options.lane + 1, server, vm } };
}

/** Whether both server and client of a lane run. */
export const isRunning = ({ server, vm }: Pick<LaneStatus, 'server' | 'vm'>): boolean => server?.state === 'running' && vm?.state === 'running';

function serverLines(server: ServerStatus | null): readonly string[] {
  if (server === null) return ['server     not running'];
  const { title, image, container, state, memoryBytes, nfsPort, mountPort, answers } = server;
  const memory = memoryBytes ? `, ${Math.round(memoryBytes / 2 ** 20)} MiB` : '';
  const ports = `127.0.0.1:${nfsPort}${mountPort === nfsPort ? '' : `, MOUNT :${mountPort}`}`;
  return [`server     ${title} (${image})`, `           ${container}: ${state}${memory}, ${ports}, NFS ${answers ? 'answers' : 'does not answer'}`];
}

function vmLines(vm: VmStatus | null): readonly string[] {
  if (vm === null) return ['client VM  not running'];
  return [`client VM  ${vm.state}, pid ${vm.pid}, ${vm.accelerator}, SSH 127.0.0.1:${vm.sshPort}`, `           console: ${vm.console}`];
}

/** What `status` prints; lanes have a heading where there are several. */
export function statusLines(lanes: readonly LaneStatus[], since: string | null): readonly string[] {
  const several = lanes.length > 1;
  const one = ({ lane, server, vm }: LaneStatus) => [...(several ? [`lane ${lane}`] : []), ...serverLines(server), ...vmLines(vm)];
  return [
    ...(lanes.length === 0 ? [...serverLines(null), ...vmLines(null)] : lanes.flatMap(one)),
    // A kept environment is taken up as one pair.
    ...(several ? ['tests      in this environment run in its first lane; logs and shell take --lane'] : []),
    since === null ? 'start both with: nfstest-tui start-env' : `since      ${since}`,
  ];
}
