import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { AssertionFinished, TestcaseFinished, TestcaseTraffic } from '../model/events.ts';
import type { WireCall } from '../model/wire.ts';
import { FakeDecoder } from '../services/fake-decoder.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { FakeVm } from '../services/fake-vm.ts';
import { type Packet, readPcap, writePcap } from '../wire/pcap.ts';
import { mountTraffic } from '../wire/slice.ts';
import { FakeContext } from './fake-context.ts';
import { TrafficRecorder } from './traffic.ts';

const captures = join(import.meta.dirname, '../../test/fixtures/captures');
const recorded = readPcap(new Uint8Array(readFileSync(join(captures, 'v3-rename-io.pcap'))));

let folder: string;
let context: FakeContext;
let decoder: FakeDecoder;
let vm: FakeVm;
beforeEach(() => {
  folder = fakeFolder();
  context = new FakeContext();
  decoder = new FakeDecoder();
  const record = { pid: 1, startTime: 's', qmpSocket: 'q', agentSocket: 'a', consoleLog: 'c', accelerator: 'tcg', sshPort: 2222 };
  vm = new FakeVm(record, { console: '' }, false);
});

const start = async (keep: 'always' | 'on-failure' | 'never' = 'on-failure') =>
  TrafficRecorder.start({ vm, decoder, keep, folder, prefix: join(folder, 'capture-'), nfsPort: 4000, mountPort: 4001 }, context);

/** Puts packets into the capture, stamped by another clock, as QEMU does. */
const record = (packets: readonly Packet[] = recorded) =>
  writeFile(vm.captures[0] ?? '', writePcap(packets.map((packet) => ({ ...packet, timeUs: packet.timeUs - 1_000_000_000 }))));

const told = () => context.bodies.filter((body): body is TestcaseTraffic => body.type === 'testcase.traffic');
const assertion = (verdict: 'passed' | 'failed'): AssertionFinished => ({
  ...{ type: 'assertion.finished', testcase: 'rename', verdict, message: 'm', passedCount: 1, failedCount: 0, details: [] },
});
const finished = (verdict: 'passed' | 'failed' | 'not-run'): TestcaseFinished => ({
  ...{ type: 'testcase.finished', testcase: 'rename', verdict, passedCount: 1, failedCount: 0, durationMs: 1, reason: null },
});
const call = (status: string): WireCall => ({ time: new Date().toISOString(), call: 'RENAME', object: 'a → b', status, latencyMs: 1 });

describe('the traffic of a testcase', () => {
  it('keeps a slice in the host’s time where it failed, and tells the calls and lines before the failure', async () => {
    const traffic = await start();
    traffic?.observe({ type: 'testcase.started', testcase: 'rename' });
    await record();
    decoder.calls = [call('NFS3ERR_IO')];
    traffic?.onLine('server', 'proxy: no');
    traffic?.onLine('suite', '    FAIL: rename - it should succeed');
    traffic?.observe(assertion('failed'));
    traffic?.observe(finished('failed'));
    await traffic?.finish();
    const [event] = told();
    expect(event).toMatchObject({
      testcase: 'rename',
      capture: 'rename.pcap',
      complete: true,
      problem: null,
      // Counted in the capture, whatever tshark says.
      totals: { errors: [{ status: 'NFS3ERR_IO', count: 1 }] },
      windows: [{ failure: 0, calls: [{ status: 'NFS3ERR_IO' }], lines: [{ channel: 'server', line: 'proxy: no' }] }],
    });
    expect(event?.command).toBe("tshark -r rename.pcap -d tcp.port==4000,rpc -d tcp.port==4001,rpc -Y 'nfs || mount'");
    expect(decoder.requests).toEqual([{ file: join(folder, 'rename.pcap'), ports: [4000, 4001] }]);
    const kept = readPcap(new Uint8Array(readFileSync(join(folder, 'rename.pcap'))));
    expect(Math.abs((kept.at(-1)?.timeUs ?? 0) / 1000 - Date.now())).toBeLessThan(5_000);
    expect(kept.length).toBeGreaterThan(0);
    // The ring is gone.
    expect(existsSync(vm.captures[0] ?? '')).toBe(false);
  });

  it.each([
    ['on-failure', 'passed', false],
    ['on-failure', 'not-run', true],
    ['always', 'passed', true],
  ] as const)('--pcap %s, testcase %s: kept %s; told either way', async (keep, verdict, kept) => {
    const traffic = await start(keep);
    traffic?.observe({ type: 'testcase.started', testcase: 'rename' });
    traffic?.observe(assertion('passed'));
    traffic?.observe(finished(verdict));
    await traffic?.finish();
    expect(existsSync(join(folder, 'rename.pcap'))).toBe(kept);
    expect(told()).toMatchObject([{ capture: kept ? 'rename.pcap' : null, totals: { calls: 0 } }]);
  });

  const passed = (traffic: TrafficRecorder | null, testcase: string) => {
    traffic?.observe({ type: 'testcase.started', testcase });
    traffic?.observe({ ...finished('passed'), testcase });
  };

  it('testcases that passed are counted together, each with its own calls, and without tshark', async () => {
    decoder.version = null;
    const traffic = await start();
    passed(traffic, 'read');
    await sleep(400);
    traffic?.observe({ type: 'testcase.started', testcase: 'rename' });
    await record();
    traffic?.observe(finished('passed'));
    await traffic?.finish();
    expect(decoder.requests).toEqual([]);
    const [read, rename] = told();
    expect(read).toMatchObject({ testcase: 'read', capture: null, problem: null, totals: { calls: 0 } });
    expect(rename).toMatchObject({ testcase: 'rename', capture: null, problem: null, totals: { errors: [{ status: 'NFS3ERR_IO', count: 1 }] } });
    expect(rename?.totals?.procedures).toContainEqual({ name: 'RENAME', count: 1 });
  });

  it('does not let them wait for long', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const traffic = await start();
      passed(traffic, 'read');
      vi.setSystemTime(Date.now() + 9_000);
      passed(traffic, 'write');
      await sleep(50);
      expect(told()).toEqual([]);
      vi.setSystemTime(Date.now() + 1_000);
      passed(traffic, 'stat');
      await vi.waitFor(() => expect(told().map(({ testcase }) => testcase)).toEqual(['read', 'write', 'stat']));
      passed(traffic, 'link');
      await traffic?.finish();
      expect(told().at(-1)).toMatchObject({ testcase: 'link', capture: null, problem: null });
    } finally {
      vi.useRealTimers();
    }
  });

  it('one that failed is told at once, those that passed before it wait on', async () => {
    const traffic = await start();
    passed(traffic, 'read');
    traffic?.observe({ type: 'testcase.started', testcase: 'rename' });
    traffic?.observe(finished('failed'));
    await expect.poll(() => told().map(({ testcase }) => testcase)).toEqual(['rename']);
    await traffic?.finish();
    expect(told().map(({ testcase }) => testcase)).toEqual(['rename', 'read']);
  });

  it('without tshark: the capture, the numbers, and why the calls before the failure are not known', async () => {
    decoder.version = null;
    const traffic = await start();
    traffic?.observe({ type: 'testcase.started', testcase: 'rename' });
    await record();
    traffic?.observe(assertion('failed'));
    traffic?.observe(finished('failed'));
    await traffic?.finish();
    const totals = { errors: [{ status: 'NFS3ERR_IO', count: 1 }] };
    expect(told()).toMatchObject([{ capture: 'rename.pcap', problem: 'tshark is not installed', totals, windows: [] }]);
  });

  it('one without a failed assertion needs no tshark', async () => {
    const traffic = await start('always');
    passed(traffic, 'read');
    await traffic?.finish();
    expect(decoder.requests).toEqual([]);
    expect(told()).toMatchObject([{ capture: 'read.pcap', problem: null, windows: [] }]);
  });

  it('a capture that can’t be decoded is told, beside what was counted', async () => {
    decoder.failure = 'tshark can’t read it';
    const traffic = await start();
    traffic?.observe({ type: 'testcase.started', testcase: 'rename' });
    traffic?.observe(assertion('failed'));
    traffic?.observe(finished('failed'));
    await traffic?.finish();
    expect(context.notes).toEqual([]);
    expect(told()).toMatchObject([{ capture: 'rename.pcap', problem: 'tshark can’t read it', totals: { calls: 0 }, windows: [] }]);
    expect(existsSync(join(folder, 'rename.pcap'))).toBe(true);
  });

  it('the mount is in the capture of a late failure, whose ring no longer holds it', async () => {
    const traffic = await start();
    const isMount = (packet: Packet) => mountTraffic([packet], 4001).length > 0;
    await record(recorded.filter(isMount));
    traffic?.observe({ type: 'testcase.started', testcase: 'read' });
    traffic?.observe({ ...finished('not-run'), testcase: 'read' });
    await expect.poll(() => told().map(({ testcase }) => testcase)).toEqual(['read']);
    await sleep(400);
    await record(recorded.filter((packet) => !isMount(packet)));
    traffic?.observe({ type: 'testcase.started', testcase: 'rename' });
    traffic?.observe(finished('failed'));
    await traffic?.finish();
    expect(mountTraffic(readPcap(new Uint8Array(readFileSync(join(folder, 'rename.pcap')))), 4001)).toHaveLength(recorded.filter(isMount).length);
  });

  it('one that failed and filled the ring makes no gap in what passes after it', async () => {
    const traffic = await start();
    const ring = async (...names: string[]) => {
      const files = names.map((name) => join(folder, `capture-${name}.pcap`));
      for (const file of files) await writeFile(file, writePcap([]));
      vm.captures.splice(0, Number.POSITIVE_INFINITY, ...files);
    };
    traffic?.observe({ type: 'testcase.started', testcase: 'rename' });
    await ring('2', '3');
    traffic?.observe(finished('failed'));
    await expect.poll(() => told()).toHaveLength(1);
    await sleep(400);
    await ring('3', '4');
    passed(traffic, 'read');
    await traffic?.finish();
    expect(told().at(-1)).toMatchObject({ testcase: 'read', complete: true });
  });

  it.each([
    [false, ['warning: the traffic of rename is not known: this is no pcap file']],
    [true, []],
  ])('a ring that can’t be read is a note, except in a run that is stopped (%s)', async (stopped, notes) => {
    const traffic = await start();
    await writeFile(vm.captures[0] ?? '', 'what is no capture, but long enough for one');
    traffic?.observe({ type: 'testcase.started', testcase: 'rename' });
    if (stopped) context.abort();
    traffic?.observe(finished('failed'));
    await traffic?.finish();
    expect(context.notes).toEqual(notes);
    expect(told()).toEqual([]);
  });

  it('never: nothing is captured; a VM that can’t: a note', async () => {
    expect(await start('never')).toBeNull();
    expect(vm.captures).toEqual([]);
    vm.die();
    expect(await start()).toBeNull();
    expect(context.notes).toEqual(['warning: the traffic can’t be captured: the VM is gone']);
  });
});
