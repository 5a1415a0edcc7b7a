import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import type { Options } from '../config/options.ts';
import { environmentId, instancesDir, triageDir, vmFiles } from '../config/vm-files.ts';
import { FakeEngineService } from '../services/fake-engine.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { FakeProcessTable } from '../services/fake-network.ts';
import { never } from '../services/fake-signals.ts';
import { FakeVmService } from '../services/fake-vm.ts';
import { EnvironmentFile, type KeptParts, lockEnvironment, readEnvironment } from './environment.ts';
import { labels } from './labels.ts';
import { stopOrphans } from './orphans.ts';
import { stopEnvironment } from './stop.ts';
import { vmSpec } from './vm.ts';

let options: Options;
let engine: FakeEngineService;
let vms: FakeVmService;
let processes: FakeProcessTable;

beforeEach(() => {
  options = fakeOptions(fakeFolder());
  [engine, vms, processes] = [new FakeEngineService(), new FakeVmService(), new FakeProcessTable()];
  engine.addImage('ganesha:latest');
});

const sweep = () => stopOrphans(options, { openEngine: async () => engine, vms, processes });
const running = () => [vms.vms.filter(({ ended }) => !ended).length, engine.containers.filter(({ removed }) => !removed).length];

/** An environment as a run has it while it goes on. */
async function start(vmDir: string, { kept = {}, lane = 0 }: { kept?: Partial<KeptParts>; lane?: number } = {}): Promise<void> {
  const own = { ...options, vmDir, lane };
  mkdirSync(vmFiles(own).laneDir, { recursive: true });
  const name = `server-${vmDir.split('/').at(-1)}-${lane}`;
  const container = await engine.startContainer(
    {
      ...{ name, image: 'ganesha:latest', labels: { [labels.environment]: environmentId(vmDir) }, env: {}, command: [], capAdd: [], capDrop: [] },
      ...{ seccomp: null, volumes: [], tmpfs: {}, newPrivileges: false, stopSignal: 'SIGTERM', ports: [] },
    },
    never,
  );
  for (const name of ['vm-test.qcow2', 'agent.sock', 'suite.sock', 'capture-1.0']) writeFileSync(join(vmFiles(own).laneDir, name), '');
  const image = { disk: '', kernel: null, title: '', needsProvisioning: false };
  const spec = vmSpec({ runId: 'r', options: own, platform: 'linux', arch: 'x64', image, cidata: '', hostKey: null }, ['tcg'], 2222 + lane, null);
  const vm = await vms.start(spec, { ...never, onNote: () => {} });
  const file = new EnvironmentFile(own, 'run-1');
  const identity = { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' };
  const at = { nfsPort: 4000, mountPort: 4001, export: '/export', nfsVersions: ['3'] };
  await file.update({ vm: vm.record, server: { identity, containerId: container.id, containerName: name, ...at } });
  await file.update({ kept });
}

/** The lock of a process that is gone. */
function leaveLock(vmDir: string): void {
  writeFileSync(vmFiles({ vmDir }).lock, JSON.stringify({ pid: 4712, startTime: 'then', since: '' }));
}

describe('stopOrphans', () => {
  it('takes away what killed runs left: of every lane, of triage and of instances', async () => {
    const dirs = [options.vmDir, triageDir(options.vmDir), join(instancesDir(options.vmDir), 'two')];
    for (const dir of dirs) await start(dir);
    await start(options.vmDir, { lane: 1 });
    for (const dir of dirs) leaveLock(dir);
    const { stopped, troubles } = await sweep();
    expect(stopped).toHaveLength(8);
    expect(troubles).toEqual([]);
    expect(running()).toEqual([0, 0]);
    for (const dir of dirs) expect(readdirSync(dir).filter((name) => /lock|env|sock|qcow2|capture|lane/.test(name))).toEqual([]);
    expect(await sweep()).toEqual({ stopped: [], troubles: [] });
  });

  it('leaves what is kept on purpose, and what a living run holds', async () => {
    await start(options.vmDir, { kept: { server: true, vm: true } });
    const held = join(instancesDir(options.vmDir), 'two');
    await start(held);
    const unlock = await lockEnvironment({ vmDir: held }, processes);
    expect(await sweep()).toEqual({ stopped: [], troubles: [] });
    expect(running()).toEqual([2, 2]);
    expect(await readEnvironment(options)).toMatchObject({ kept: { server: true, vm: true } });
    await unlock();
    expect((await sweep()).stopped).toHaveLength(2);
    expect(running()).toEqual([1, 1]);
  });

  it.each<[string, Partial<KeptParts>, string, [number, number]]>([
    ['VM', { server: true }, 'client VM', [0, 1]],
    ['server', { vm: true }, 'container', [1, 0]],
  ])('takes the %s away that was left beside a part that is kept on purpose', async (_, kept, stopped, left) => {
    await start(options.vmDir, { kept });
    leaveLock(options.vmDir);
    expect(await sweep()).toEqual({ stopped: [expect.stringContaining(stopped)], troubles: [] });
    expect(running()).toEqual(left);
    expect(await readEnvironment(options)).toMatchObject({ kept });
    expect(await sweep()).toEqual({ stopped: [], troubles: [] });
    expect(running()).toEqual(left);
  });

  it('a lane whose server goes on keeps its folder', async () => {
    await start(options.vmDir, { kept: { server: true } });
    await start(options.vmDir, { kept: { server: true }, lane: 1 });
    leaveLock(options.vmDir);
    expect((await sweep()).stopped).toHaveLength(2);
    expect(running()).toEqual([0, 2]);
    expect(await readEnvironment({ ...options, lane: 1 })).toMatchObject({ vm: null, kept: { server: true, vm: false } });
    expect(await stopEnvironment(options, { server: true, vm: false }, { openEngine: async () => engine, vms })).toHaveLength(2);
    expect(readdirSync(options.vmDir).filter((name) => /lane/.test(name))).toEqual([]);
  });

  it('stops VMs also where no engine answers, and says what is left', async () => {
    await start(options.vmDir);
    leaveLock(options.vmDir);
    const openEngine = async () => {
      throw new Error('no engine answers');
    };
    expect(await stopOrphans(options, { openEngine, vms, processes })).toMatchObject({ troubles: ['no engine answers'] });
    expect(running()).toEqual([0, 1]);
    expect((await sweep()).stopped).toEqual(['container server-vm-0']);
  });

  it('takes away the lock of one who was killed while an image was made', async () => {
    mkdirSync(options.vmDir, { recursive: true });
    writeFileSync(vmFiles(options).imageLock, JSON.stringify({ pid: 4712, startTime: 'then', since: '' }));
    await sweep();
    expect(existsSync(vmFiles(options).imageLock)).toBe(false);
  });
});
