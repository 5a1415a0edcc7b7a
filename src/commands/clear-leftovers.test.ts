import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import type { Options } from '../config/options.ts';
import { vmFiles } from '../config/vm-files.ts';
import { FakeEngineService } from '../services/fake-engine.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { never } from '../services/fake-signals.ts';
import { FakeVmService } from '../services/fake-vm.ts';
import { EnvironmentFile } from '../steps/environment.ts';
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

/** A VM that an earlier process has started and written down; `kept` once that process had all of it up. */
async function earlier({ kept }: { readonly kept: boolean }): Promise<void> {
  const image = { disk: '', kernel: null, title: '', needsProvisioning: false };
  const spec = vmSpec({ runId: 'r', options, platform: 'linux', arch: 'x64', image, cidata: '', hostKey: null }, ['tcg'], 2222, null);
  const vm = await vms.start(spec, { ...never, onNote: () => {} });
  const environment = new EnvironmentFile(options, 'earlier');
  await environment.update({ vm: vm.record });
  if (kept) await environment.update({ kept: true });
}

describe('start-env', () => {
  const clear = () => clearLeftovers({ options, goal: 'environment', parts }, { engine, vms });

  it('takes nothing away that runs on purpose', async () => {
    await earlier({ kept: true });
    await expect(clear()).rejects.toMatchObject({ exitCode: 3, message: 'this environment already has a running client VM' });
    expect(vms.vms.map(({ ended }) => ended)).toEqual([false]);
  });

  it('stops what one that was killed had begun', async () => {
    await earlier({ kept: false });
    expect(await clear()).toEqual([expect.stringMatching(/^client VM \(pid \d+\)$/)]);
    expect(vms.vms.map(({ ended }) => ended)).toEqual([true]);
  });
});

it('a run of testcases begins with nothing: what was kept is stopped, too', async () => {
  await earlier({ kept: true });
  expect(await clearLeftovers({ options, goal: 'tests', parts }, { engine, vms })).toHaveLength(1);
  expect(vms.vms.map(({ ended }) => ended)).toEqual([true]);
});
