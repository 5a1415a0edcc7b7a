import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import type { Options } from '../config/options.ts';
import { environmentId, vmFiles } from '../config/vm-files.ts';
import { FakeEngineService } from '../services/fake-engine.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { never } from '../services/fake-signals.ts';
import { FakeVmService } from '../services/fake-vm.ts';
import { EnvironmentFile, type KeptParts, readEnvironment, type ServerRecord } from '../steps/environment.ts';
import { labels } from '../steps/labels.ts';
import { vmSpec } from '../steps/vm.ts';
import { clearLeftovers } from './clear-leftovers.ts';

let options: Options;
let engine: FakeEngineService;
let vms: FakeVmService;
const parts = { server: true, vm: true };

beforeEach(() => {
  options = fakeOptions(fakeFolder());
  [engine, vms] = [new FakeEngineService(), new FakeVmService()];
  mkdirSync(options.vmDir, { recursive: true });
  writeFileSync(vmFiles(options).overlay, '');
});

/** A VM that an earlier process has started and written down, beside a server where there is one; what of it is kept is so once all of it was up. */
async function earlier({ kept, server = null }: { readonly kept: Partial<KeptParts>; readonly server?: ServerRecord | null }): Promise<void> {
  const image = { disk: '', kernel: null, title: '', needsProvisioning: false };
  const spec = vmSpec({ runId: 'r', options, platform: 'linux', arch: 'x64', image, cidata: '', hostKey: null }, ['tcg'], 2222, null);
  const vm = await vms.start(spec, { ...never, onNote: () => {} });
  const environment = new EnvironmentFile(options, 'earlier');
  await environment.update({ server, vm: vm.record });
  await environment.update({ kept });
}

describe('start-env', () => {
  const clear = () => clearLeftovers({ options, goal: 'environment', parts }, { engine, vms });

  it('takes nothing away that runs on purpose', async () => {
    await earlier({ kept: { vm: true } });
    await expect(clear()).rejects.toMatchObject({ exitCode: 3, message: 'this environment already has a running client VM' });
    expect(vms.vms.map(({ ended }) => ended)).toEqual([false]);
  });

  it('stops what one that was killed had begun', async () => {
    await earlier({ kept: {} });
    expect(await clear()).toEqual([expect.stringMatching(/^client VM \(pid \d+\)$/)]);
    expect(vms.vms.map(({ ended }) => ended)).toEqual([true]);
  });
});

describe('beside a server that is kept, a VM whose program was killed while it booted', () => {
  const running = () => [vms.vms.filter(({ ended }) => !ended).length, engine.containers.filter(({ removed }) => !removed).length];

  beforeEach(async () => {
    engine.addImage('ganesha:latest');
    const container = await engine.startContainer(
      {
        ...{ name: 'ganesha-server', image: 'ganesha:latest', labels: { [labels.environment]: environmentId(options.vmDir) }, env: {}, command: [] },
        ...{ capAdd: [], capDrop: [], seccomp: null, volumes: [], tmpfs: {}, newPrivileges: false, stopSignal: 'SIGTERM', ports: [] },
      },
      never,
    );
    const identity = { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' };
    const at = { nfsPort: 4000, mountPort: 4001, export: '/export', nfsVersions: ['3'] };
    await earlier({ kept: { server: true }, server: { identity, containerId: container.id, containerName: 'ganesha-server', ...at } });
  });

  it('is stopped by the next start-client; the server stays', async () => {
    const stopped = await clearLeftovers({ options, goal: 'environment', parts: { server: false, vm: true } }, { engine, vms });
    expect(stopped).toEqual([expect.stringMatching(/^client VM/)]);
    expect(running()).toEqual([0, 1]);
    expect(await readEnvironment(options)).toMatchObject({ server: { containerName: 'ganesha-server' }, vm: null, kept: { server: true, vm: false } });
  });

  it('is stopped by start-env too, which says so and leaves the server to whoever keeps it', async () => {
    await expect(clearLeftovers({ options, goal: 'environment', parts }, { engine, vms })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/^this environment already has a running server; stopped what an earlier run left: client VM \(pid \d+\)$/),
    });
    expect(running()).toEqual([0, 1]);
  });
});

it('a run of testcases begins with nothing: what was kept is stopped, too', async () => {
  await earlier({ kept: { vm: true } });
  expect(await clearLeftovers({ options, goal: 'tests', parts }, { engine, vms })).toHaveLength(1);
  expect(vms.vms.map(({ ended }) => ended)).toEqual([true]);
});
