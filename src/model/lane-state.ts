import type { RunEvent, RunStarted } from './events.ts';

/** The server's container of a lane. */
export interface ContainerState {
  readonly name: string | null;
  readonly image: string | null;
  /** Port of NFS on the host's 127.0.0.1. */
  readonly port: number | null;
  /** The engine's word, `started` before the port answers, `ready` where it does; null before it was started. */
  readonly state: string | null;
  /** Epoch milliseconds; null while it does not run. */
  readonly startedAt: number | null;
  /** Percent of one CPU. */
  readonly cpuPercent: number | null;
  readonly memoryBytes: number | null;
  readonly restarts: number;
}

/** The client VM of a lane. */
export interface ClientState {
  readonly state: 'off' | 'booting' | 'ready' | 'gone';
  readonly accelerator: string | null;
  /** `uname -r`. */
  readonly kernel: string | null;
  /** Port on the host's 127.0.0.1 that leads to the guest's port 22; null while there is no VM. */
  readonly sshPort: number | null;
}

/** A pair of server and client. */
export interface LaneState {
  readonly container: ContainerState;
  readonly client: ClientState;
}

/** More are never made; a recording that names more is not believed. */
export const mostLanes = 16;

const emptyContainer: ContainerState = {
  ...{ name: null, image: null, port: null, state: null, startedAt: null },
  ...{ cpuPercent: null, memoryBytes: null, restarts: 0 },
};

export const emptyLane: LaneState = { container: emptyContainer, client: { state: 'off', accelerator: null, kernel: null, sshPort: null } };

/** The lanes at a run's beginning: nothing is started yet, or all of it, where the environment stood before. */
export function lanesOfRun({ lanes = 1, server, environment }: RunStarted): readonly LaneState[] {
  const fresh = newLanes(lanes, server.image);
  if (environment === undefined) return fresh;
  const { clientKernel: kernel, accelerator } = environment;
  return fresh.map((lane) => ({ container: { ...lane.container, state: 'running' }, client: { ...lane.client, state: 'ready', kernel, accelerator } }));
}

/** Lanes in which nothing is started; at least one. */
export const newLanes = (count: number, image: string | null = null): readonly LaneState[] =>
  Array.from({ length: Math.min(Math.max(1, Math.floor(count)), mostLanes) }, () => ({ ...emptyLane, container: { ...emptyContainer, image } }));

/** A lane by its number, from 0; the first where nothing is said, which is the only one of most runs. */
export const laneOf = ({ laneStates }: { readonly laneStates: readonly LaneState[] }, lane = 0): LaneState => laneStates[lane] ?? emptyLane;

const withContainer = (lane: LaneState, change: Partial<ContainerState>): LaneState => ({ ...lane, container: { ...lane.container, ...change } });
const withClient = (lane: LaneState, change: Partial<ClientState>): LaneState => ({ ...lane, client: { ...lane.client, ...change } });

function reduceLane(lane: LaneState, event: RunEvent): LaneState {
  switch (event.type) {
    case 'server.started': {
      const { containerName: name, image, nfsPort: port } = event;
      return withContainer(lane, { name, image, port, state: 'started', startedAt: Date.parse(event.time), restarts: 0 });
    }
    case 'server.ready':
      return withContainer(lane, { state: 'ready' });
    case 'server.sampled': {
      const { state, cpuPercent, memoryBytes, restarts } = event;
      return withContainer(lane, { state: state === 'running' ? (lane.container.state ?? state) : state, cpuPercent, memoryBytes, restarts });
    }
    case 'server.unresponsive':
      return withContainer(lane, { state: 'does not answer' });
    case 'server.exited': {
      const state = event.outOfMemory ? 'out of memory' : event.unexpected ? `died (${event.exitCode ?? '?'})` : 'exited';
      return withContainer(lane, { state, startedAt: null, cpuPercent: null, memoryBytes: null });
    }
    case 'vm.faulted':
      return event.fault === 'panic' || event.fault === 'oops' ? withClient(lane, { state: 'gone' }) : lane;
    case 'client.disconnected':
      return withClient(lane, { state: 'gone' });
    case 'vm.started':
      return withClient(lane, { state: 'booting', accelerator: event.accelerator, sshPort: event.sshPort });
    case 'vm.ready':
      return withClient(lane, { state: 'ready' });
    case 'vm.exited':
      return withClient(lane, { state: event.unexpected ? 'gone' : 'off', sshPort: null });
    case 'client.connected': {
      // Of a server that was taken up no event says that it is ready.
      const running = lane.container.state === 'started' ? withContainer(lane, { state: 'running' }) : lane;
      return withClient(running, { state: 'ready', kernel: event.kernel });
    }
    default:
      return lane;
  }
}

/** The lanes after an event; the same array where it changes none of them. */
export function reduceLanes(lanes: readonly LaneState[], event: RunEvent): readonly LaneState[] {
  // Recordings before 0.2 name no lane.
  const number = (event.lane as number | undefined) ?? 0;
  const before = lanes[number];
  if (before === undefined) return lanes;
  const after = reduceLane(before, event);
  return after === before ? lanes : lanes.map((lane, index) => (index === number ? after : lane));
}
