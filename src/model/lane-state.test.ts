import { describe, expect, it } from 'vitest';
import type { EventBody, RunEvent } from './events.ts';
import { emptyLane, type LaneState, laneOf, lanesOfRun, newLanes, reduceLanes } from './lane-state.ts';
import { emptyRunState, reduce } from './run-state.ts';

const time = '2026-11-25T10:00:00.000Z';
const inLane = (lane: number, body: EventBody): RunEvent => ({ ...body, runId: 'r', lane, time, atMs: 0 });
const after = (lanes: readonly LaneState[], ...events: readonly RunEvent[]) => events.reduce<readonly LaneState[]>(reduceLanes, lanes);

const started: EventBody = {
  type: 'server.started',
  containerId: 'c',
  containerName: 'ganesha-server',
  nfsPort: 4000,
  mountPort: 4001,
  image: 'ganesha:latest',
};
const sampled: EventBody = { type: 'server.sampled', state: 'running', cpuPercent: 50, memoryBytes: 1024, restarts: 1 };
const booted: EventBody = { type: 'vm.started', pid: 1, accelerator: 'tcg', sshPort: 2222 };

describe('the lanes of a run', () => {
  it('know nothing of each other', () => {
    const lanes = after(newLanes(2, 'ganesha:latest'), inLane(1, started), inLane(1, { type: 'server.ready' }), inLane(1, sampled), inLane(0, booted));
    expect(lanes[0]).toEqual({
      container: { ...emptyLane.container, image: 'ganesha:latest' },
      client: { state: 'booting', accelerator: 'tcg', kernel: null, sshPort: 2222 },
    });
    expect(lanes[1]?.container).toMatchObject({ name: 'ganesha-server', port: 4000, state: 'ready', startedAt: Date.parse(time), cpuPercent: 50, restarts: 1 });
    expect(lanes[1]?.client.state).toBe('off');
  });

  it('tell of a server that hangs and of a client that is lost', () => {
    const silent: EventBody = { type: 'server.unresponsive', missedCount: 5, silentMs: 24_000, lines: [] };
    const fault = (name: 'panic' | 'server-silent'): EventBody => ({ type: 'vm.faulted', fault: name, message: '', lines: [] });
    const running = [inLane(0, started), inLane(0, booted), inLane(0, { type: 'vm.ready' })];
    expect(after(newLanes(1), ...running, inLane(0, silent))[0]?.container.state).toBe('does not answer');
    expect(after(newLanes(1), ...running, inLane(0, fault('server-silent')))[0]?.client.state).toBe('ready');
    expect(after(newLanes(1), ...running, inLane(0, fault('panic')))[0]?.client.state).toBe('gone');
    expect(after(newLanes(1), ...running, inLane(0, { type: 'client.disconnected', reason: '', lines: [] }))[0]?.client.state).toBe('gone');
  });

  it.each([
    [{ exitCode: 137, outOfMemory: false, unexpected: true }, 'died (137)'],
    [{ exitCode: null, outOfMemory: false, unexpected: true }, 'died (?)'],
    [{ exitCode: 137, outOfMemory: true, unexpected: true }, 'out of memory'],
    [{ exitCode: 0, outOfMemory: false, unexpected: false }, 'exited'],
  ] as const)('tell how a server ended: %o', (end, state) => {
    const [lane] = after(newLanes(1), inLane(0, started), inLane(0, sampled), inLane(0, { type: 'server.exited', ...end }));
    expect(lane?.container).toMatchObject({ state, startedAt: null, cpuPercent: null, memoryBytes: null });
  });

  it('tell a client that was lost from one that was stopped, and neither has a shell', () => {
    const end = (unexpected: boolean) => after(newLanes(1), inLane(0, booted), inLane(0, { type: 'vm.exited', exitCode: 1, signal: null, unexpected }))[0];
    expect(end(true)?.client).toMatchObject({ state: 'gone', sshPort: null });
    expect(end(false)?.client).toMatchObject({ state: 'off', sshPort: null });
  });

  it('take a server that was taken up for running once the client answers', () => {
    const [lane] = after(newLanes(1), inLane(0, started), inLane(0, { type: 'client.connected', kernel: '6.1.0' }));
    expect(lane).toMatchObject({ container: { state: 'running' }, client: { state: 'ready', kernel: '6.1.0' } });
  });

  it('are the same array where an event is about none of them', () => {
    const lanes = newLanes(2);
    expect(reduceLanes(lanes, inLane(2, started))).toBe(lanes);
    expect(reduceLanes(lanes, inLane(0, { type: 'testcase.started', testcase: 'open' }))).toBe(lanes);
  });

  it('are the first one in recordings that name none', () => {
    const { lane: _, ...old } = inLane(0, { type: 'server.ready' });
    expect(reduceLanes(newLanes(1), old as RunEvent)[0]?.container.state).toBe('ready');
  });

  it.each([
    [0, 1],
    [-3, 1],
    [2.5, 2],
    [1e9, 16],
  ])('are within bounds: %d', (count, made) => {
    expect(newLanes(count)).toHaveLength(made);
  });

  it('stand at the beginning of a run in an environment that stood before', () => {
    const server = { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' };
    const environment = { imageId: null, clientKernel: '6.1.0', accelerator: 'tcg' };
    const lanes = lanesOfRun({ type: 'run.started', server, nfsVersion: '3', testcases: [], program: '0', lanes: 2, environment });
    expect(lanes).toHaveLength(2);
    expect(lanes[1]).toMatchObject({
      container: { image: 'ganesha:latest', state: 'running' },
      client: { state: 'ready', kernel: '6.1.0', accelerator: 'tcg' },
    });
  });

  it('begin anew with a run, as many as it says', () => {
    const server = { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' };
    const run = (lanes?: number): RunEvent =>
      inLane(0, { type: 'run.started', server, nfsVersion: '3', testcases: [], program: '0', ...(lanes ? { lanes } : {}) });
    const state = [run(2), inLane(1, started)].reduce(reduce, emptyRunState);
    expect(laneOf(state, 1).container.name).toBe('ganesha-server');
    expect(laneOf(state).container.name).toBeNull();
    expect(reduce(state, run()).laneStates).toEqual(newLanes(1, 'ganesha:latest'));
    expect(laneOf(state, 7)).toBe(emptyLane);
  });
});
