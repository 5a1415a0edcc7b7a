import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { outcomeWith } from '../machine/fake-steps.ts';
import { readEnvironment } from './environment.ts';
import { FakeLab } from './fake-lab.ts';

let lab: FakeLab;
beforeEach(() => {
  lab = new FakeLab();
});

const passed = outcomeWith(0);
const controls = () => lab.controls();

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
