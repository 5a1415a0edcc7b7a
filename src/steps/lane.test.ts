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

describe('diagnose', () => {
  const diagnose = async () => {
    const lane = await lab.openLane();
    await Promise.all([lane.startServer(controls()), lane.startVm(controls())]);
    await lane.connect(controls());
    return { lane, ask: () => lane.diagnose(controls(), null) };
  };

  it('the server does not answer any more', async () => {
    const { ask } = await diagnose();
    lab.probe.answers = () => false;
    expect(await ask()).toMatchObject({ exitCode: 4, reason: 'the testcases took longer than 1800 s: the server has stopped answering' });
  });

  it('the client does not answer any more', async () => {
    const { ask } = await diagnose();
    lab.remote.sessions.at(-1)?.close();
    expect(await ask()).toMatchObject({ exitCode: 5, reason: 'the testcases took longer than 1800 s: the client VM has stopped answering' });
  });

  it('both answer: the time was too short, and that is never a pass', async () => {
    const { ask } = await diagnose();
    expect(await ask()).toMatchObject({
      exitCode: 1,
      reason: expect.stringMatching(/^the testcases took longer than 1800 s; /),
      hint: expect.stringMatching(/--timeout/),
    });
    lab.verdict = outcomeWith(6, 'no testcase ran');
    expect(await ask()).toMatchObject({ exitCode: 6 });
  });
});

describe('testcases that seem to hang', () => {
  const hanging = async () => {
    lab.options = { ...lab.options, deadlines: { ...lab.options.deadlines, silenceMs: 100 } };
    const lane = await lab.openLane();
    await Promise.all([lane.startServer(controls()), lane.startVm(controls())]);
    await lane.connect(controls());
    lab.remote.commands.push(['runner.py', { stdout: "    TEST: Running test 'read'\n", afterwards: 'hang' }]);
    return lane;
  };
  const dd = { pid: 347, name: 'dd', stack: ['rpc_wait_bit_killable+0xd/0x70 [sunrpc]'] };
  const call = '    4 88a0      0 0x0 0x96b48d02     1052 rpc_default_ops [sunrpc] nfsv3 ACCESS a:call_status [sunrpc] q:xprt_pending';
  const report = () => readFileSync(join(lab.folder, 'hang.txt'), 'utf8');

  /** Runs the suite until its hang is looked into, then what the machine does. */
  const run = async (lane: Awaited<ReturnType<typeof hanging>>) => {
    const abort = new AbortController();
    const running = lane.runSuite(lab.controls(abort.signal), ['read']).catch(() => {});
    await expect.poll(() => lab.suspected, { timeout: 5_000 }).toHaveLength(1);
    abort.abort();
    const outcome = await lane.diagnose(controls(), lab.suspected[0] ?? null);
    await running;
    await lane.release(controls(), outcome);
    return outcome;
  };

  it('the server owes an answer: that is told, with what the kernel knows, before anything is cut off', async () => {
    const lane = await hanging();
    lab.remote.commands.push(['sudo -n python3', { stdout: JSON.stringify({ blocked: [dd], calls: [call], later: [call], statistics: 'net 0' }) }]);
    expect(await run(lane)).toMatchObject({ exitCode: 4, reason: expect.stringMatching(/printed nothing for 0.1 s.*owes an answer to nfsv3 ACCESS$/) });
    expect(lab.context.bodies).toContainEqual(
      expect.objectContaining({ type: 'hang.diagnosed', file: 'hang.txt', blocked: ['dd[347] in rpc_wait_bit_killable'], pendingCalls: ['nfsv3 ACCESS'] }),
    );
    expect(report()).toContain('== stack of dd[347]\nrpc_wait_bit_killable+0xd/0x70 [sunrpc]\n');
    const types = lab.context.types;
    expect(types.indexOf('hang.diagnosed')).toBeLessThan(types.indexOf('suite.finished'));
  });

  it('the client hangs in its kernel: asked by its agent where SSH does not answer', async () => {
    const lane = await hanging();
    lab.remote.commands.push(['sudo -n python3', { exitCode: 1 }]);
    const vm = lab.vms.vms.at(-1);
    if (vm) vm.hang = { blocked: [dd], calls: [], later: [], statistics: '' };
    expect(await run(lane)).toMatchObject({
      exitCode: 5,
      reason: expect.stringMatching(/the client hangs in its kernel \(dd\[347\] in rpc_wait_bit_killable\)$/),
    });
    expect(vm?.asked.at(-1)).toEqual({ do: 'diagnose' });
  });

  it('nothing of the client answers: its keyboard and QEMU are left', async () => {
    const lane = await hanging();
    lab.remote.commands.push(['sudo -n python3', { exitCode: 1 }], ['true', { afterwards: 'hang' }]);
    const vm = lab.vms.vms.at(-1);
    if (vm) {
      vm.agentFailure = 'no answer within 10 s';
      vm.status = 'paused';
    }
    lab.remote.sessions.at(-1)?.close();
    await lane
      .diagnose(controls(), 'read has printed nothing')
      .then((outcome) =>
        expect(outcome).toMatchObject({ exitCode: 5, reason: 'read has printed nothing: the client VM has stopped answering (QEMU says: paused)' }),
      );
    expect(report()).toMatch(/QEMU says: paused.*agent: .*no answer within 10 s.*== registers\nRIP=.*sysrq: Show Blocked State/s);
    await lane.release(controls(), outcomeWith(5));
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
    lab.engine.programs.set('', { output: 'no such option\n', exitCode: 1, endsAfterMs: 20 });
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

describe('a part that hangs or breaks while it is needed', () => {
  const ready = async () => {
    lab.options = { ...lab.options, deadlines: { ...lab.options.deadlines, answerMs: 100 } };
    const lane = await lab.openLane();
    await Promise.all([lane.startServer(controls()), lane.startVm(controls())]);
    await lane.connect(controls());
    return lane;
  };
  const bodies = (type: string) => lab.context.bodies.filter((body) => body.type === type);

  it('a server that does not answer any more is lost, once, with the state of its container', async () => {
    const lane = await ready();
    const [container] = lab.engine.containers;
    if (container) container.status = 'paused';
    lab.probe.answers = () => false;
    await expect
      .poll(() => lab.lost)
      .toMatchObject([{ exitCode: 4, reason: 'the server has not answered for 0 s (its container is paused)', log: { lines: ['NFS SERVER INITIALIZED'] } }]);
    expect(bodies('server.unresponsive')).toMatchObject([{ lines: ['NFS SERVER INITIALIZED'], missedCount: expect.any(Number) }]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(lab.lost).toHaveLength(1);
    await lane.release(controls(), outcomeWith(4));
    expect(lab.leftovers()).toEqual([]);
  });

  it('a server that died has not merely gone silent', async () => {
    const lane = await ready();
    lab.probe.answers = () => false;
    lab.engine.containers[0]?.die({ exitCode: 137, outOfMemory: true });
    await expect.poll(() => lab.lost).toMatchObject([{ exitCode: 4, reason: 'the server died (out of memory)' }]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(bodies('server.unresponsive')).toEqual([]);
    await lane.release(controls(), outcomeWith(4));
  });

  it('the client’s kernel panics: the trace comes along', async () => {
    const lane = await ready();
    lab.vms.vms.at(-1)?.print('[  100.1] Kernel panic - not syncing: sysrq triggered crash\r\n[  100.2] Call Trace:\r\n');
    await expect
      .poll(() => lab.lost, { timeout: 3_000 })
      .toMatchObject([
        {
          exitCode: 5,
          reason: 'the client’s kernel panicked: Kernel panic - not syncing: sysrq triggered crash',
          log: { path: `${lab.folder}/vm.log`, lines: expect.arrayContaining(['[  100.2] Call Trace:']) },
        },
      ]);
    expect(bodies('vm.faulted')).toMatchObject([{ fault: 'panic', message: 'Kernel panic - not syncing: sysrq triggered crash' }]);
    await lane.release(controls(), outcomeWith(5));
    expect(lab.leftovers()).toEqual([]);
  });

  it('the client’s kernel warns: nothing is lost; a hung task is looked into', async () => {
    const lane = await ready();
    lab.remote.commands.push(['runner.py', { afterwards: 'hang' }]);
    const abort = new AbortController();
    const running = lane.runSuite(lab.controls(abort.signal), ['read']).catch(() => {});
    lab.vms.vms.at(-1)?.print('[  51.0] nfs: server 10.0.2.2 not responding, still trying\n[  60.0] INFO: task sync:87 blocked for more than 120 seconds.\n');
    await expect.poll(() => lab.suspected, { timeout: 4_000 }).toEqual(['the client’s kernel says: INFO: task sync:87 blocked for more than 120 seconds.']);
    expect(bodies('vm.faulted')).toMatchObject([{ fault: 'server-silent' }, { fault: 'hung-task' }]);
    expect(lab.lost).toEqual([]);
    abort.abort();
    await running;
    await lane.release(controls(), passed);
  });

  it('what an attached client said before this run is no news', async () => {
    const first = await lab.openLane({ keep: true });
    await Promise.all([first.startServer(controls()), first.startVm(controls())]);
    lab.vms.vms.at(-1)?.print('[  51.0] nfs: server 10.0.2.2 not responding, still trying\n');
    await first.release(controls(), passed);
    const lane = await lab.openLane({ attached: await readEnvironment(lab.options), keep: true });
    await lane.attach(controls());
    await lane.connect(controls());
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(bodies('vm.faulted')).toEqual([]);
    await lane.release(controls(), passed);
  });

  it('the connection breaks off while QEMU runs', async () => {
    const lane = await ready();
    lab.remote.sessions.at(-1)?.close();
    await expect
      .poll(() => lab.lost, { timeout: 3_000 })
      .toMatchObject([{ exitCode: 5, reason: 'the connection to the client VM was lost, and QEMU still runs', log: { path: `${lab.folder}/vm.log` } }]);
    expect(bodies('client.disconnected')).toHaveLength(1);
    await lane.release(controls(), outcomeWith(5));
  });

  it('the connection breaks off while testcases run: the client is looked into by its agent, and QEMU is asked', async () => {
    const lane = await ready();
    const vm = lab.vms.vms.at(-1);
    if (vm) {
      vm.status = 'paused';
      vm.hang = { blocked: [{ pid: 7, name: 'sync', stack: [] }], calls: [], later: [], statistics: '' };
    }
    lab.remote.commands.push(['runner.py', { afterwards: 'hang' }]);
    const running = lane.runSuite(controls(), ['read']).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 20));
    lab.remote.sessions.at(-1)?.close();
    await expect
      .poll(() => lab.lost, { timeout: 6_000 })
      .toMatchObject([{ exitCode: 5, reason: 'the connection to the client VM was lost, and QEMU says: paused' }]);
    expect(bodies('hang.diagnosed')).toMatchObject([{ blocked: ['sync[7]'] }]);
    // The machine has gone on by then.
    expect(await running).toMatchObject({ exitCode: 5 });
    await lane.release(controls(), outcomeWith(5));
  });

  it('the engine goes away: nobody knows of the server any more', async () => {
    const lane = await ready();
    lab.engine.containers[0]?.forget();
    await expect
      .poll(() => lab.lost)
      .toMatchObject([{ exitCode: 3, reason: expect.stringMatching(/^the container engine went away during the run: its connections broke off/) }]);
    expect(bodies('engine.lost')).toHaveLength(1);
    await lane.release(controls(), outcomeWith(3));
  });

  it('the engine is away and comes back: that is told, and nothing is lost', async () => {
    const lane = await ready();
    lab.engine.tell({ state: 'away', lossMs: 10_000 });
    lab.engine.tell({ state: 'back', awayMs: 3_000 });
    expect(bodies('note.reported').slice(-2)).toMatchObject([
      { message: expect.stringMatching(/does not answer/) },
      { message: expect.stringMatching(/away for 3.0 s/) },
    ]);
    expect(lab.lost).toEqual([]);
    await lane.release(controls(), passed);
  });

  it('the engine keeps its connections and answers nothing', async () => {
    lab.options = { ...lab.options, deadlines: { ...lab.options.deadlines, engineMs: 500 } };
    const lane = await ready();
    lab.engine.answers = false;
    await expect
      .poll(() => lab.lost, { timeout: 3_000 })
      .toMatchObject([{ exitCode: 3, reason: expect.stringMatching(/^the container engine went away during the run: it has not answered for/) }]);
    expect(bodies('engine.lost')).toHaveLength(1);
    await lane.release(controls(), outcomeWith(3));
  });

  it('a lane that stops on purpose loses nothing', async () => {
    const lane = await ready();
    await lane.release(controls(), passed);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(lab.lost).toEqual([]);
    expect(lab.context.types.filter((type) => ['client.disconnected', 'server.unresponsive', 'engine.lost', 'vm.faulted'].includes(type))).toEqual([]);
  });
});
