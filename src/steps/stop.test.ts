import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import type { Options } from '../config/options.ts';
import { environmentId, vmFiles } from '../config/vm-files.ts';
import { FakeEngineService } from '../services/fake-engine.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { never } from '../services/fake-signals.ts';
import { FakeVmService } from '../services/fake-vm.ts';
import type { ContainerHandle, VmHandle } from '../services/types.ts';
import { attachEnvironment } from './attach.ts';
import { EnvironmentFile, readEnvironment } from './environment.ts';
import { labels } from './labels.ts';
import { stopEnvironment } from './stop.ts';
import { vmSpec } from './vm.ts';

let options: Options;
let engine: FakeEngineService;
let vms: FakeVmService;
const both = { server: true, vm: true };

beforeEach(() => {
  options = fakeOptions(fakeFolder());
  [engine, vms] = [new FakeEngineService(), new FakeVmService()];
  engine.addImage('ganesha:latest');
  mkdirSync(options.vmDir, { recursive: true });
  writeFileSync(vmFiles(options).overlay, '');
});

const startContainer = (name: string, environment = environmentId(options.vmDir)): Promise<ContainerHandle> =>
  engine.startContainer(
    {
      ...{ name, image: 'ganesha:latest', labels: { [labels.environment]: environment }, env: {}, command: [], capAdd: [], capDrop: [] },
      ...{ seccomp: null, volumes: [], tmpfs: {}, stopSignal: 'SIGTERM', ports: [] },
    },
    never,
  );

const startVm = (): Promise<VmHandle> => {
  const image = { disk: '', kernel: null, title: '', needsProvisioning: false };
  return vms.start(vmSpec({ runId: 'r', options, platform: 'linux', arch: 'x64', image, cidata: '', hostKey: null }, ['tcg'], 2222, null), {
    ...never,
    onNote: () => {},
  });
};

async function writeDown(container: ContainerHandle | null, vm: VmHandle | null): Promise<void> {
  const identity = { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' };
  const server = container && {
    ...{ identity, containerId: container.id, containerName: container.name, nfsPort: 4000, mountPort: 4001, export: '/', nfsVersions: ['3'] },
  };
  await new EnvironmentFile(options, 'run-1').update({ server, vm: vm?.record ?? null });
}

describe('stopEnvironment', () => {
  it('stops what is written down and forgets it', async () => {
    const vm = await startVm();
    await writeDown(await startContainer('ganesha-server'), vm);
    expect(await stopEnvironment(options, both, { openEngine: async () => engine, vms })).toEqual([
      `client VM (pid ${vm.record.pid})`,
      'container ganesha-server',
    ]);
    expect(vms.vms.map(({ ended }) => ended)).toEqual([true]);
    expect(engine.containers.map(({ removed }) => removed)).toEqual([true]);
    expect(await readEnvironment(options)).toBeNull();
    expect(existsSync(vmFiles(options).overlay)).toBe(false);
    expect(await stopEnvironment(options, both, { openEngine: async () => engine, vms })).toEqual([]);
  });

  it('one part leaves the other running and written down', async () => {
    const vm = await startVm();
    await writeDown(await startContainer('ganesha-server'), vm);
    expect(await stopEnvironment(options, { server: true, vm: false }, { openEngine: async () => engine, vms })).toEqual(['container ganesha-server']);
    expect(await readEnvironment(options)).toMatchObject({ server: null, vm: vm.record });
    expect(existsSync(vmFiles(options).overlay)).toBe(true);
    expect(await stopEnvironment(options, { server: false, vm: true }, { openEngine: async () => engine, vms })).toHaveLength(1);
    expect(await readEnvironment(options)).toBeNull();
  });

  it('finds what a program that died did not write down: containers by label, the VM by its socket', async () => {
    await startContainer('ganesha-server');
    await startContainer('ganesha-server-abcd');
    await startVm();
    expect(await stopEnvironment(options, both, { openEngine: async () => engine, vms })).toEqual([
      'client VM',
      'container ganesha-server',
      'container ganesha-server-abcd',
    ]);
  });

  it('leaves another environment alone', async () => {
    await startContainer('other-server', 'another');
    expect(await stopEnvironment(options, both, { openEngine: async () => engine, vms })).toEqual([]);
    expect(engine.containers[0]?.removed).toBe(false);
  });

  it('clears away a record of what is long gone', async () => {
    const [container, vm] = [await startContainer('ganesha-server'), await startVm()];
    await writeDown(container, vm);
    await container.remove({ graceMs: 0 });
    await vm.stop({ graceMs: 0 });
    expect(await stopEnvironment(options, both, { openEngine: async () => engine, vms })).toEqual([]);
    expect(await readEnvironment(options)).toBeNull();
  });
});

describe('attachEnvironment', () => {
  const attach = async () => attachEnvironment(await readEnvironment(options), { engine, vms });

  it('takes up what runs', async () => {
    const [container, vm] = [await startContainer('ganesha-server'), await startVm()];
    await writeDown(container, vm);
    expect(await attach()).toMatchObject({ server: { record: { containerId: container.id } }, vm: { record: vm.record } });
  });

  it('says which part is missing and what starts it', async () => {
    await expect(attach()).rejects.toMatchObject({ exitCode: 3, message: 'no test environment is running', hint: expect.stringMatching(/start-env/) });
    const [container, vm] = [await startContainer('ganesha-server'), await startVm()];
    await writeDown(null, vm);
    await expect(attach()).rejects.toMatchObject({ message: 'the environment has no server', hint: expect.stringMatching(/start-server/) });
    await writeDown(container, null);
    await expect(attach()).rejects.toMatchObject({ message: 'the environment has no client VM', hint: expect.stringMatching(/start-client/) });
    await writeDown(container, vm);
    await vm.stop({ graceMs: 0 });
    await expect(attach()).rejects.toMatchObject({ message: 'the client VM is no longer running', hint: expect.stringMatching(/stop-env/) });
    engine.containers[0]?.die();
    await expect(attach()).rejects.toMatchObject({ message: "the server's container ganesha-server is no longer running" });
    await container.remove({ graceMs: 0 });
    await expect(attach()).rejects.toMatchObject({ message: "the server's container ganesha-server is no longer running" });
  });
});
