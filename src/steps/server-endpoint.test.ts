import { beforeEach, describe, expect, it } from 'vitest';
import { FakeContainer } from '../services/fake-container.ts';
import { FakeProbeService } from '../services/fake-network.ts';
import { never } from '../services/fake-signals.ts';
import type { ContainerRoute, ContainerSpec } from '../services/types.ts';
import type { ServerRecord } from './environment.ts';
import { endpointFor } from './server-endpoint.ts';

const spec = {
  ...{ name: 'ganesha-server', image: 'sha256:1', labels: {}, env: {}, command: [], capAdd: [], capDrop: [], seccomp: null, volumes: [], tmpfs: {} },
  ...{ stopSignal: 'SIGTERM' },
  ports: [
    { containerPort: 4000, hostPort: 14_000, hostAddress: '127.0.0.1' },
    { containerPort: 4001, hostPort: 14_001, hostAddress: '127.0.0.1' },
  ],
} satisfies ContainerSpec;
const record: ServerRecord = {
  ...{ identity: { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' }, containerId: 'c1', containerName: spec.name },
  ...{ nfsPort: 14_000, mountPort: 14_001, export: '/export', nfsVersions: ['3'] },
};
const published = { host: '10.0.2.2', nfsPort: 14_000, mountPort: 14_001, export: '/export' };
const direct = { host: '172.17.0.2', nfsPort: 4000, mountPort: 4001, export: '/export' };

let container: FakeContainer;
let probe: FakeProbeService;
beforeEach(() => {
  container = new FakeContainer('c1', spec, { output: '' });
  container.address = direct.host;
  probe = new FakeProbeService();
});
const endpoint = (version = '3', change: Partial<ServerRecord> = {}, signal = never.signal) =>
  endpointFor({ record: { ...record, ...change }, container }, version, probe, signal);

describe('endpointFor', () => {
  it('is the container itself, where this host reaches it and it answers there', async () => {
    expect(await endpoint()).toEqual(direct);
    expect(await endpoint('4.1')).toEqual(direct);
    expect(probe.asked).toEqual(['100003 v3 on 172.17.0.2:4000', '100003 v4 on 172.17.0.2:4000']);
  });

  it('one port for both', async () => {
    expect(await endpoint('3', { mountPort: 14_000 })).toEqual({ ...direct, mountPort: 4000 });
  });

  it.each([
    ['this host does not reach', { address: null }],
    ['has an address of the guest’s own network', { address: '10.0.2.7' }],
    ['is gone', { removed: true }],
  ])('a container that %s: what the engine publishes, and nothing is asked', async (_what, change) => {
    Object.assign(container, change);
    expect(await endpoint()).toEqual(published);
    expect(probe.asked).toEqual([]);
  });

  it('a port that the engine does not know: what was published', async () => {
    expect(await endpoint('3', { mountPort: 14_002 })).toEqual({ ...published, mountPort: 14_002 });
  });

  it('something between that lets nothing through: what the engine publishes', async () => {
    probe.answers = ({ host }) => host === '127.0.0.1';
    expect(await endpoint()).toEqual(published);
  });

  it('an engine that does not answer is not waited for, nor is it by who stops', async () => {
    container.route = () => new Promise<ContainerRoute | null>(() => {});
    const began = performance.now();
    expect(await endpoint('3', {}, AbortSignal.abort())).toEqual(published);
    expect(performance.now() - began).toBeLessThan(500);
    expect(await endpoint()).toEqual(published);
    expect(performance.now() - began).toBeLessThan(3_500);
  });
});
