import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { vmFiles } from '../config/vm-files.ts';
import { outcomeWith } from '../machine/fake-steps.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import type { VmRecord } from '../services/types.ts';
import { type EnvironmentRecord, readEnvironment } from './environment.ts';
import { FakeLab } from './fake-lab.ts';

let lab: FakeLab;
beforeEach(() => {
  lab = new FakeLab();
});

const passed = outcomeWith(0);
const controls = () => lab.controls();
describe('a lane from start to end', () => {
  it('starts, writes down, tests, stops and forgets', async () => {
    const lane = await lab.openLane();
    await Promise.all([lane.startServer(controls()), lane.startVm(controls())]);
    expect(await readEnvironment(lab.options)).toMatchObject({ server: { containerName: 'ganesha-server' }, vm: { sshPort: 2222 } });
    await lane.connect(controls());
    await lane.upload(controls());
    lab.remote.commands.push(['exec python3', { stdout: 'all good\n', exitCode: 0 }]);
    expect(await lane.runSuite(controls(), ['open'])).toEqual(passed);
    await lane.release(controls(), passed);
    expect(lab.leftovers()).toEqual([]);
    expect(await readEnvironment(lab.options)).toBeNull();
    expect(existsSync(vmFiles(lab.options).overlay)).toBe(false);
    // The first was for the VM that was saved.
    expect(lab.remote.sessions.map(({ isClosed }) => isClosed)).toEqual([true, true]);
    expect(lab.vms.specs.map(({ restoreFrom }) => restoreFrom !== null)).toEqual([false, true]);
    expect(lab.context.types.filter((type) => type.endsWith('exited')).sort()).toEqual(['server.exited', 'vm.exited']);
    expect(lab.context.bodies).toContainEqual({ type: 'vm.exited', exitCode: 0, signal: null, unexpected: false });
    expect(lab.lost).toEqual([]);
    expect(lab.context.logs.buffers.server.tail(1)).toEqual(['NFS SERVER INITIALIZED']);
    expect(lab.context.logs.buffers.vm.tail(1)).toEqual(['NFSTEST_VM_READY']);
  });

  it('writes down for ssh whom the VM’s port leads to', async () => {
    const lane = await lab.openLane();
    await lane.startVm(controls());
    const hostKey = (await readEnvironment(lab.options))?.vm?.hostKey;
    expect(hostKey).toMatch(/^ssh-ed25519 /);
    expect(readFileSync(vmFiles(lab.options).knownHosts, 'utf8')).toBe(`nfstest-vm ${hostKey}\n`);
    await lane.connect(controls());
    expect(lab.remote.targets.map((target) => target.hostKey)).toEqual([hostKey, hostKey]);
    await lane.release(controls(), passed);
  });

  it.each<[Pick<VmRecord, 'hostKey'>, string]>([
    [{ hostKey: null }, 'its seed gives it none'],
    [{}, 'an earlier version of this program started it'],
  ])('says once of a VM that is not checked why, and leaves no word of an earlier one: %j', async (change, why) => {
    const first = await lab.openLane({ keep: true });
    await Promise.all([first.startServer(controls()), first.startVm(controls())]);
    await first.release(controls(), passed);
    const { vm, ...record } = (await readEnvironment(lab.options)) as EnvironmentRecord;
    const { hostKey, ...older } = vm as VmRecord;
    Object.defineProperty(lab.vms.vms.at(-1), 'record', { value: { ...older, ...change } });
    const lane = await lab.openLane({ keep: true, attached: { ...record, vm: { ...older, ...change } } });
    await lane.attach(controls());
    await lane.connect(controls());
    expect(lab.remote.targets.map((target) => target.hostKey)).toEqual([hostKey, null]);
    expect(lab.context.notes.filter((note) => note.includes('host key'))).toEqual([
      `info: the client VM’s SSH host key is not known (${why}), so it is not checked`,
    ]);
    expect(existsSync(vmFiles(lab.options).knownHosts)).toBe(false);
    await lane.release(controls(), passed);
  });

  it('waits for steps that were cut off before it stops anything', async () => {
    lab.engine.startMs = 100;
    const lane = await lab.openLane();
    let tidied = false;
    const starting = lane.startServer(controls()).catch((error: unknown) => {
      tidied = true;
      return error;
    });
    await expect.poll(() => lab.engine.specs.length).toBe(1);
    lab.context.abort();
    await lane.release(lab.fresh(), outcomeWith(130));
    expect(tidied).toBe(true);
    expect(await starting).toMatchObject({ name: 'AbortError' });
    expect(lab.leftovers()).toEqual([]);
  });
});

describe('release', () => {
  const started = async (...settings: Parameters<FakeLab['openLane']>) => {
    const lane = await lab.openLane(...settings);
    await Promise.all([lane.startServer(controls()), lane.startVm(controls())]);
    return lane;
  };

  it.each([0, 1, 6] as const)('with --keep: leaves everything after exit code %i', async (exitCode) => {
    const lane = await started({ keep: true });
    await lane.release(controls(), outcomeWith(exitCode));
    expect(lab.leftovers()).toEqual(['container ganesha-server', 'VM']);
    expect(await readEnvironment(lab.options)).toMatchObject({ server: { containerName: 'ganesha-server' }, kept: { server: true, vm: true } });
    expect(existsSync(vmFiles(lab.options).overlay)).toBe(true);
    expect(lab.context.phases).not.toContain('stop ok');
  });

  it.each([3, 4, 5, 130] as const)('with --keep: what is broken or interrupted is stopped all the same (%i)', async (exitCode) => {
    const lane = await started({ keep: true });
    await lane.release(controls(), outcomeWith(exitCode));
    expect(lab.leftovers()).toEqual([]);
  });

  it('stops only its own part: the other process’s server stays, written down', async () => {
    const first = await lab.openLane({ keep: true });
    await first.startServer(controls());
    await first.release(controls(), passed);
    const second = await lab.openLane({ keep: true });
    await second.startVm(controls());
    // Killed now, only its VM would be nobody's.
    expect(await readEnvironment(lab.options)).toMatchObject({ kept: { server: true, vm: false } });
    await second.release(controls(), outcomeWith(3));
    expect(lab.leftovers()).toEqual(['container ganesha-server']);
    expect(await readEnvironment(lab.options)).toMatchObject({ server: { containerName: 'ganesha-server' }, vm: null, kept: { server: true, vm: false } });
  });

  it('stops nothing of an environment that it was attached to', async () => {
    await (await started({ keep: true })).release(controls(), passed);
    const lane = await lab.openLane({ attached: await readEnvironment(lab.options), keep: true });
    await lane.attach(controls());
    await lane.connect(controls());
    await lane.release(controls(), outcomeWith(4));
    expect(lab.leftovers()).toEqual(['container ganesha-server', 'VM']);
    expect(existsSync(vmFiles(lab.options).overlay)).toBe(true);
    expect(lab.remote.sessions.every(({ isClosed }) => isClosed)).toBe(true);
  });

  it('does not ask a client that it is attached to for its kernel again', async () => {
    await (await started({ keep: true })).release(controls(), passed);
    const record = await readEnvironment(lab.options);
    const attached = record && { ...record, kernel: '6.1.0-told' };
    const lane = await lab.openLane({ attached, keep: true });
    await lane.attach(controls());
    await lane.connect(controls());
    expect(lab.context.bodies.findLast(({ type }) => type === 'client.connected')).toMatchObject({ kernel: '6.1.0-told' });
    await lane.release(controls(), passed);
  });

  it('stops an environment that it was attached to where it is told to', async () => {
    await (await started({ keep: true })).release(controls(), passed);
    const lane = await lab.openLane({ attached: await readEnvironment(lab.options) });
    await lane.attach(controls());
    await lane.release(controls(), passed);
    expect(lab.leftovers()).toEqual([]);
  });

  it('leaves no overlay of a VM that never came up', async () => {
    const lane = await lab.openLane();
    lab.vms.guest = { console: 'NFSTEST_VM_READY\n', agentFailure: 'it hangs' };
    lab.images.onOverlay = (overlay) => {
      // It is saved, restored in vain, and then neither saved nor booted.
      if (overlay === vmFiles(lab.options).overlay) lab.vms.broken.add('tcg');
    };
    await expect(lane.startVm(controls())).rejects.toThrow(/no accelerator is left/);
    expect(existsSync(vmFiles(lab.options).overlay)).toBe(true);
    await lane.release(controls(), outcomeWith(3));
    expect(existsSync(vmFiles(lab.options).overlay)).toBe(false);
  });

  it('tells of everything that can’t be stopped, keeps it written down, and stops the rest', async () => {
    const lane = await started();
    const [container] = lab.engine.containers;
    if (container) container.removeFailure = 'the container ganesha-server could not be removed: busy';
    await expect(lane.release(controls(), passed)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/could not be removed: busy/),
      hint: expect.stringMatching(/stop-env/),
    });
    expect(lab.leftovers()).toEqual(['container ganesha-server']);
    // The next start looks for it, and not for the VM.
    expect(await readEnvironment(lab.options)).toMatchObject({ server: { containerName: 'ganesha-server' }, vm: null, kept: { server: false, vm: false } });
    expect(existsSync(vmFiles(lab.options).overlay)).toBe(false);
  });

  it('tells why it was stopped, too, where the engine that is gone can’t remove its container', async () => {
    const lane = await started();
    const [container] = lab.engine.containers;
    if (container) container.removeFailure = 'the container ganesha-server could not be removed: the container engine does not answer any more';
    const log = { path: '/run/server.log', lines: ['last words'] };
    await expect(lane.release(controls(), { exitCode: 3, reason: 'the container engine went away', hint: null, log })).rejects.toMatchObject({
      exitCode: 3,
      message: 'the container engine went away; the container ganesha-server could not be removed: the container engine does not answer any more',
      hint: 'run `nfstest-tui stop-env` to try again; the next start does it too',
      log,
    });
  });

  it('a server that was lost stays the verdict where its container can’t be removed', async () => {
    const lane = await started();
    const [container] = lab.engine.containers;
    if (container) container.removeFailure = 'the container ganesha-server could not be removed: busy';
    await expect(lane.release(controls(), { exitCode: 4, reason: 'the server does not answer', hint: null, log: null })).rejects.toMatchObject({
      exitCode: 4,
      message: 'the server does not answer; the container ganesha-server could not be removed: busy',
    });
  });

  it('that is forced does not wait for anybody’s grace', async () => {
    const lane = await started();
    lane.force();
    await lane.release(controls(), outcomeWith(130));
    expect(lab.engine.containers[0]?.removals).toEqual([0, 0]);
    expect(lab.vms.vms.at(-1)?.stops).toEqual([0, 0]);
  });
});

describe('a part that dies', () => {
  it('the server: its exit, then the loss with its last words', async () => {
    const lane = await lab.openLane();
    await lane.startServer(controls());
    lab.engine.containers[0]?.die({ exitCode: 139 });
    await expect
      .poll(() => lab.lost)
      .toMatchObject([{ exitCode: 4, reason: 'the server died (exit code 139)', log: { lines: expect.arrayContaining(['NFS SERVER INITIALIZED']) } }]);
    expect(lab.context.bodies).toContainEqual({ type: 'server.exited', exitCode: 139, outOfMemory: false, unexpected: true });
    await lane.release(controls(), outcomeWith(4));
    expect(lab.leftovers()).toEqual([]);
  });

  it('the VM: by exit code or signal', async () => {
    for (const [death, words] of [
      [{ exitCode: 1 }, 'exit code 1'],
      [{ signal: 'SIGKILL' }, 'SIGKILL'],
    ] as const) {
      lab = new FakeLab();
      const lane = await lab.openLane();
      await lane.startVm(controls());
      lab.vms.vms.at(-1)?.die(death);
      await expect.poll(() => lab.lost).toMatchObject([{ exitCode: 5, reason: `the client VM ended by itself (${words})` }]);
      await lane.release(controls(), outcomeWith(5));
      expect(lab.leftovers()).toEqual([]);
    }
  });

  it('a server that is replaced on purpose is not lost', async () => {
    const lane = await lab.openLane();
    await lane.startServer(controls());
    await lane.restartServer(controls());
    expect(lab.engine.containers.map(({ removed, spec }) => [removed, spec.ports[0]?.hostPort])).toEqual([
      [true, 4000],
      [false, 4000],
    ]);
    await lane.release(controls(), passed);
    expect(lab.lost).toEqual([]);
    expect(lab.leftovers()).toEqual([]);
  });
});

describe('a server that is built again', () => {
  const mine = () => {
    const dir = fakeFolder();
    const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
    write('Dockerfile', 'FROM base:1\n');
    write('server.json', JSON.stringify({ nfsPort: 4000, mountPort: 4000, export: '/', nfsVersions: ['3'], build: { context: '.' } }));
    lab.engine.images.clear();
    lab.engine.addImage('base:1');
    lab.serverConfig = join(dir, 'server.json');
    return write;
  };
  const server = () => lab.engine.containers.find(({ removed }) => !removed);

  it('takes the port of the old one; the old image goes with its last container', async () => {
    const write = mine();
    const lane = await lab.openLane();
    await Promise.all([lane.startServer(controls()), lane.startVm(controls())]);
    const old = server();
    write('Dockerfile', 'FROM base:1\nRUN true\n');
    await lane.rebuildServer(controls());
    // It still serves, and can't be removed.
    expect(server()).toBe(old);
    expect([...lab.engine.images.values()].map(({ id }) => id)).not.toContain(old?.spec.image);
    await lane.restartServer(controls());
    expect(server()?.spec).toMatchObject({ ports: old?.spec.ports });
    expect(server()?.spec.image).toBe((await lab.engine.inspectImage('ganesha:latest'))?.id);
    expect(server()?.spec.image).not.toBe(old?.spec.image);
    expect(lab.engine.calls.filter((call) => call === `remove ${old?.spec.image}`)).toHaveLength(2);
    await lane.release(controls(), passed);
    expect(lab.leftovers()).toEqual([]);
    expect(lab.lost).toEqual([]);
  });

  it('one that does not start is lost once, with its own last words', async () => {
    const write = mine();
    const lane = await lab.openLane();
    await Promise.all([lane.startServer(controls()), lane.startVm(controls())]);
    write('Dockerfile', 'FROM base:1\nENTRYPOINT false\n');
    await lane.rebuildServer(controls());
    // An engine that takes its time to say what became of it: meanwhile its end is noticed elsewhere, too.
    lab.engine.programs.set('', { output: 'no such option\n', exitCode: 1, endsAfterMs: 20, stateMs: 500 });
    lab.probe.answers = () => false;
    await expect(lane.restartServer(controls())).rejects.toMatchObject({
      message: expect.stringContaining('ended before it was ready'),
      log: { lines: ['no such option'] },
    });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(lab.lost).toEqual([]);
    // The next one is as good as the first.
    lab.engine.programs.set('', { output: 'ready again\n' });
    lab.probe.answers = () => true;
    write('Dockerfile', 'FROM base:1\n');
    await lane.rebuildServer(controls());
    await lane.restartServer(controls());
    server()?.die({ exitCode: 7 });
    await expect.poll(() => lab.lost).toMatchObject([{ exitCode: 4, log: { lines: ['ready again'] } }]);
    await lane.release(controls(), outcomeWith(4));
    expect(lab.leftovers()).toEqual([]);
  });
});
