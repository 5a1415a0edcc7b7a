import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { EnvironmentError } from '../model/errors.ts';
import { everything, never } from './fake-signals.ts';
import type { VmService, VmSpec } from './types.ts';

export interface VmLab {
  readonly vms: VmService;
  /** A VM that stays; files of its own each time. */
  spec(): Promise<VmSpec>;
  /** A VM that prints `firstWords`, then `lastWords`, and ends; null where nothing can boot. */
  readonly boot: { readonly spec: () => Promise<VmSpec>; readonly firstWords: string; readonly lastWords: string } | null;
  /** An accelerator that does not work anywhere. */
  readonly brokenAccelerator: string;
}

const socketsOf = ({ qmpSocket, agentSocket, suiteSocket, consoleLog, qemuLog }: VmSpec) => ({ qmpSocket, agentSocket, suiteSocket, consoleLog, qemuLog });
const quiet = { ...never, onNote: () => {} };

/** What every VM service must do. */
export function describeVmContract(name: string, makeLab: () => Promise<VmLab>): void {
  describe(`${name} keeps the VM's contract`, () => {
    it('starts, is found again, stops, and is gone', async () => {
      const { vms, spec } = await makeLab();
      const wanted = await spec();
      const vm = await vms.start(wanted, quiet);
      expect(vm.record).toMatchObject({
        qmpSocket: wanted.qmpSocket,
        consoleLog: wanted.consoleLog,
        sshPort: wanted.sshPort,
        hostKey: wanted.hostKey,
        accelerator: wanted.accelerators[0],
      });
      expect(vm.record.startTime).not.toBe('');
      const again = await vms.attach(vm.record);
      expect(again?.record).toEqual(vm.record);
      expect(await again?.examine()).toMatchObject({ status: 'running', registers: expect.stringMatching(/[ER]IP|PC/) });
      await again?.pressSysRq('w');
      await again?.stop({ graceMs: 0 });
      await Promise.all([vm.exited, again?.exited]);
      expect(await vms.attach(vm.record)).toBeNull();
      expect(existsSync(wanted.qmpSocket)).toBe(false);
    });

    it('is stopped once, however often it is asked', async () => {
      const { vms, spec } = await makeLab();
      const vm = await vms.start(await spec(), quiet);
      await Promise.all([vm.stop({ graceMs: 1_000 }), vm.stop({ graceMs: 0 })]);
      await vm.stop({ graceMs: 0 });
      await vm.exited;
      expect(await vms.attach(vm.record)).toBeNull();
    });

    it('does not take another process for its VM', async () => {
      const { vms, spec } = await makeLab();
      const vm = await vms.start(await spec(), quiet);
      try {
        expect(await vms.attach({ ...vm.record, startTime: 'another' })).toBeNull();
        expect(await vms.attach({ ...vm.record, pid: 2 ** 22 + 1 })).toBeNull();
      } finally {
        await vm.stop({ graceMs: 0 });
      }
    });

    it('leaves nothing of a start that is aborted', async () => {
      const { vms, spec } = await makeLab();
      const wanted = await spec();
      await expect(vms.start(wanted, { ...quiet, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
      const controller = new AbortController();
      const starting = vms.start(wanted, { ...quiet, signal: controller.signal });
      controller.abort();
      await expect(starting).rejects.toThrow(/abort/i);
      expect(existsSync(wanted.qmpSocket)).toBe(false);
      expect(await vms.reap(wanted.qmpSocket)).toBe(false);
    });

    it('says why a VM does not start', async () => {
      const { vms, spec } = await makeLab();
      const wanted = { ...(await spec()), overlay: '/no/such/disk.qcow2' };
      const error = await vms.start(wanted, quiet).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(EnvironmentError);
      expect(error).toMatchObject({ exitCode: 3, message: expect.stringMatching(/\/no\/such\/disk\.qcow2/), hint: expect.stringMatching(/--dry-run/) });
      expect((error as EnvironmentError).log).toMatchObject({ path: wanted.qemuLog, lines: [expect.stringMatching(/No such file/)] });
      expect(existsSync(wanted.qmpSocket)).toBe(false);
    });

    it('takes the next accelerator where one does not work, and says so', async () => {
      const { vms, spec, brokenAccelerator } = await makeLab();
      const wanted = await spec();
      const notes: string[] = [];
      const accelerators = [brokenAccelerator, ...wanted.accelerators];
      const vm = await vms.start({ ...wanted, accelerators }, { ...never, onNote: (note) => notes.push(note) });
      expect(vm.record.accelerator).toBe(wanted.accelerators[0]);
      expect(notes).toEqual([expect.stringMatching(new RegExp(`^${brokenAccelerator} does not work here \\(.+\\); using ${wanted.accelerators[0]}$`))]);
      await vm.stop({ graceMs: 0 });
    });

    it('reaps a VM of which only the socket is known', async () => {
      const { vms, spec } = await makeLab();
      const vm = await vms.start(await spec(), quiet);
      expect(await vms.reap(vm.record.qmpSocket)).toBe(true);
      await vm.exited;
      expect(await vms.attach(vm.record)).toBeNull();
      expect(await vms.reap(vm.record.qmpSocket)).toBe(false);
      expect(await vms.reap('/no/such/qmp.sock')).toBe(false);
    });

    it('ends a console that is followed when the signal fires', async () => {
      const { vms, spec } = await makeLab();
      const vm = await vms.start(await spec(), quiet);
      await everything(vm.console({ signal: AbortSignal.abort() }));
      await vm.stop({ graceMs: 0 });
      await everything(vm.console(never));
    });

    it('goes on in a fresh VM from what was saved; a state that was cut off is refused and leaves nothing', async () => {
      const { vms, spec } = await makeLab();
      const first = await spec();
      const [memory, state] = [`${first.overlay}.memory`, `${first.overlay}.state`];
      const saved = await vms.start({ ...first, memoryFile: { path: memory, sharing: 'shared' } }, quiet);
      await saved.saveState(state, never);
      await saved.stop({ graceMs: 0 });
      const content = await readFile(state);
      expect(content.length).toBeGreaterThan(0);

      const second = { ...(await spec()), cidata: first.cidata, memoryFile: { path: memory, sharing: 'private' as const }, restoreFrom: state };
      const restored = await vms.start(second, quiet);
      expect(restored.record.qmpSocket).toBe(second.qmpSocket);
      expect((await vms.attach(restored.record))?.record).toEqual(restored.record);
      await restored.stop({ graceMs: 0 });
      expect(await readFile(state)).toEqual(content);

      await writeFile(state, content.subarray(0, content.length / 2));
      const third = { ...second, ...socketsOf(await spec()) };
      await expect(vms.start(third, quiet)).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(/^the saved client VM could not be restored: /),
      });
      expect(existsSync(third.qmpSocket)).toBe(false);
      expect(await vms.reap(third.qmpSocket)).toBe(false);
    });

    it('saves nothing once the signal has fired; an agent that is not there is an error', async () => {
      const { vms, spec } = await makeLab();
      const wanted = await spec();
      const vm = await vms.start(wanted, quiet);
      try {
        const aborted = vm.saveState(`${wanted.overlay}.state`, { signal: AbortSignal.abort() });
        await expect(aborted).rejects.toThrow(/abort/i);
        const asked = vm.askAgent({ do: 'quiesce' }, { ...never, timeoutMs: 100 });
        await expect(asked).rejects.toMatchObject({ exitCode: 3, message: expect.stringMatching(/^the agent in the client VM failed: /) });
      } finally {
        await vm.stop({ graceMs: 0 });
      }
    });

    it('has a port for the suite’s output, which ends with it', async () => {
      const { vms, spec } = await makeLab();
      const vm = await vms.start(await spec(), quiet);
      const output = await vm.followOutput(() => {});
      expect(output).not.toBeNull();
      await vm.stop({ graceMs: 0 });
      await output?.ended;
      output?.close();
      expect(await vm.followOutput(() => {})).toBeNull();
    });

    it('gives the console from its start to its last word', async () => {
      const { vms, boot } = await makeLab();
      if (boot === null) return;
      const vm = await vms.start(await boot.spec(), quiet);
      const early = everything(vm.console(never));
      expect(await vm.exited).toMatchObject({ signal: null });
      const text = await early;
      expect(text).toContain(boot.firstWords);
      expect(text).toContain(boot.lastWords);
      // Who comes late reads the same.
      expect(await everything(vm.console(never))).toBe(text);
      expect(await vms.attach(vm.record)).toBeNull();
    });

    it('captures the traffic while it runs, and leaves no file of it', async () => {
      const { vms, spec } = await makeLab();
      const wanted = await spec();
      const vm = await vms.start(wanted, quiet);
      try {
        const prefix = `${wanted.consoleLog}.capture-`;
        const capture = await vm.capture({ prefix, segmentBytes: 1024 * 1024, segments: 2 });
        const [file = '', more] = capture.segments();
        expect(more).toBeUndefined();
        expect(file.startsWith(prefix)).toBe(true);
        // The header of a pcap file.
        expect((await readFile(file)).length).toBeGreaterThanOrEqual(24);
        // One that another process has left is replaced.
        const again = await vm.capture({ prefix: `${prefix}again-`, segmentBytes: 1024 * 1024, segments: 2 });
        await Promise.all([capture.stop(), again.stop()]);
        await again.stop();
        expect([...capture.segments(), ...again.segments()]).toEqual([]);
        expect(existsSync(file)).toBe(false);
      } finally {
        await vm.stop({ graceMs: 0 });
      }
      await expect(vm.capture({ prefix: wanted.consoleLog, segmentBytes: 1, segments: 1 })).rejects.toThrow(/the traffic can’t be captured/);
    });
  });
}
