import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { vmFiles } from '../config/vm-files.ts';
import { FakeEngineService } from '../services/fake-engine.ts';
import { isRunning, type LaneStatus, laneStatus, statusLines } from './lane-status.ts';

let vmDir = '';
beforeEach(async () => {
  vmDir = await mkdtemp(join(tmpdir(), 'nfstest-status-'));
});
afterEach(() => rm(vmDir, { recursive: true, force: true }));

const identity = { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' };

async function writeDown(lane: number, containerId: string): Promise<void> {
  const { environment } = vmFiles({ vmDir, lane });
  await mkdir(dirname(environment), { recursive: true });
  const server = {
    ...{ identity, containerId, containerName: `ganesha-server-${lane + 1}`, nfsPort: 4000 + 10 * lane, mountPort: 4001 + 10 * lane, export: '/export' },
    nfsVersions: ['3'],
  };
  const vm = {
    pid: 100 + lane,
    startTime: 'then',
    qmpSocket: '/tmp/qmp',
    accelerator: 'tcg',
    sshPort: 2222 + 10 * lane,
    overlay: '/tmp/o',
    consoleLog: '/tmp/c',
    agentSocket: null,
  };
  await writeFile(environment, JSON.stringify({ runId: 'r', createdAt: '2026-11-25T10:00:00.000Z', server, vm, suiteDigest: null }));
}

/** One container that runs, and the process of the first lane's VM. */
async function services() {
  const engine = new FakeEngineService();
  engine.addImage('ganesha:latest');
  const container = await engine.startContainer(
    {
      ...{ name: 'a', image: 'ganesha:latest', labels: {}, command: [], environment: {}, addCapabilities: [], dropCapabilities: [] },
      ...{ seccompProfile: null, volumes: [], tmpfs: {}, stopSignal: 'SIGTERM', ports: [] },
    } as unknown as Parameters<FakeEngineService['startContainer']>[0],
    { signal: new AbortController().signal },
  );
  const asked: number[] = [];
  const probe = {
    rpcAnswers: async ({ port }: { readonly port: number }) => {
      asked.push(port);
      return true;
    },
  };
  return { id: container.id, asked, services: { engine, probe, processes: { startTime: async (pid: number) => (pid === 100 ? 'then' : null) } } };
}

describe('the status of a lane', () => {
  it('is that of its own environment', async () => {
    const { id, asked, services: own } = await services();
    await writeDown(0, id);
    await writeDown(1, 'no such container');
    const [first, second] = await Promise.all([0, 1].map((lane) => laneStatus({ vmDir, lane }, own)));
    expect(first?.status).toMatchObject({ lane: 1, server: { state: 'running', answers: true, nfsPort: 4000 }, vm: { state: 'running', sshPort: 2222 } });
    expect(first?.status.server?.memoryBytes).toBeGreaterThan(0);
    expect(second?.status).toMatchObject({
      lane: 2,
      server: { container: 'ganesha-server-2', state: 'gone', answers: false, memoryBytes: null },
      vm: { state: 'gone', pid: 101, console: join(vmDir, 'lane-2', 'vm.log') },
    });
    // Of a server that is gone nothing is asked.
    expect(asked).toEqual([4000]);
    expect([first, second].map((lane) => lane && isRunning(lane.status))).toEqual([true, false]);
  });

  it('is null where nothing is written down', async () => {
    expect(await laneStatus({ vmDir, lane: 3 }, (await services()).services)).toBeNull();
  });
});

describe('what is printed', () => {
  const lane = (number: number): LaneStatus => ({
    lane: number,
    server: {
      ...{
        ...identity,
        container: `ganesha-server-${number}`,
        state: 'running',
        answers: number === 1,
        nfsPort: 3990 + 10 * number,
        mountPort: 3991 + 10 * number,
      },
      ...{ cpuPercent: 1, memoryBytes: 10 * 2 ** 20 },
    },
    vm: { pid: number, state: 'running', accelerator: 'tcg', sshPort: 2212 + 10 * number, console: '/vm.log' },
  });

  it('has a heading for each of several lanes', () => {
    expect(statusLines([lane(1), { ...lane(2), vm: null }], 'today').join('\n')).toMatchInlineSnapshot(`
      "lane 1
      server     NFS-Ganesha (ganesha:latest)
                 ganesha-server-1: running, 10 MiB, 127.0.0.1:4000, MOUNT :4001, NFS answers
      client VM  running, pid 1, tcg, SSH 127.0.0.1:2222
                 console: /vm.log
      lane 2
      server     NFS-Ganesha (ganesha:latest)
                 ganesha-server-2: running, 10 MiB, 127.0.0.1:4010, MOUNT :4011, NFS does not answer
      client VM  not running
      tests      in this environment run in its first lane; logs and shell take --lane
      since      today"
    `);
  });

  it('has none for one, and says how to start where there is none', () => {
    expect(statusLines([lane(1)], 'today').join('\n')).not.toContain('lane');
    expect(statusLines([], null)).toEqual(['server     not running', 'client VM  not running', 'start both with: nfstest-tui start-env']);
  });
});
