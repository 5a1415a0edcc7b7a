import type { Options } from '../config/options.ts';
import { failedMarker, readyMarker, vmFiles } from '../config/vm-files.ts';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import type { Phase } from '../model/events.ts';
import type { PortService, ProcessTable, RemoteService, VmHandle, VmImage, VmImageService, VmRecord, VmService, VmSpec } from '../services/types.ts';
import type { LogBuffer } from '../stream/ring-buffer.ts';
import { quiesce, type Resumed, resume, warmUp } from './agent.ts';
import { connectClient, uploadSuite } from './client.ts';
import { inPhase, progressOf, type StepContext } from './context.ts';
import { choosePort } from './ports.ts';
import type { SavedVmFiles } from './saved-vm.ts';
import type { SavedVm, SavedVms } from './saved-vms.ts';
import type { TailOf } from './server.ts';
import type { Suite } from './suite-source.ts';
import { delay, nextChange } from './wait.ts';

const lastWordsMs = 200;

export interface VmServices {
  readonly vms: VmService;
  readonly images: VmImageService;
  readonly ports: PortService;
  readonly processes: ProcessTable;
  /** Accelerators in the order to try. */
  readonly accelerators: (context: StepContext) => Promise<readonly string[]>;
  /** UEFI code for arm64 guests; null where none is needed or found. */
  readonly firmware: () => Promise<string | null>;
  /** Told which accelerator a guest has shown life with. */
  readonly onBooted: (accelerator: string) => Promise<void>;
  readonly remote: RemoteService;
  readonly qemuVersion: () => Promise<string>;
}

export interface StartVmInput {
  readonly runId: string;
  readonly options: Options;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly image: VmImage;
  readonly cidata: string;
  /** SSH host key that the seed gives the guest; null where it gives none. */
  readonly hostKey: string | null;
  /** Of the console. */
  readonly tail: TailOf;
  /** Tells when the console has gone on. */
  readonly onConsole: LogBuffer['subscribe'];
  /** Name of the guest; no other lane's has it. */
  readonly hostname: string;
  readonly privateKey: string;
  readonly suite: Suite;
  readonly saved: SavedVms;
  /** Called as soon as the VM exists that the lane shall use. */
  readonly onStarted: (vm: VmHandle) => Promise<void>;
  /** Called for a VM that is booted only to be saved, and with null when it is gone. */
  readonly onBooting: (vm: VmHandle | null) => Promise<void>;
}

/** The VM that a lane got. */
export interface StartedVm {
  readonly vm: VmHandle;
  /** Digest of the suite that is in it already; null: none is. */
  readonly suiteDigest: string | null;
  /** Release of its kernel, where the guest has said it already. */
  readonly kernel: string | null;
}

/** What QEMU will be told to boot; also printed by --dry-run. */
export function vmSpec(
  { runId, options, platform, arch, image, cidata, hostKey }: Pick<StartVmInput, 'runId' | 'options' | 'platform' | 'arch' | 'image' | 'cidata' | 'hostKey'>,
  accelerators: readonly string[],
  sshPort: number,
  firmware: string | null,
): VmSpec {
  const { overlay, consoleLog, qemuLog, qmpSocket, agentSocket, suiteSocket } = vmFiles(options);
  return {
    ...{ runId, platform, arch, accelerators, memoryMiB: options.memoryMiB, cpus: options.cpus, overlay, cidata, kernel: image.kernel, firmware, sshPort },
    ...{ hostKey, consoleLog, qemuLog, qmpSocket, agentSocket, suiteSocket, memoryFile: null, restoreFrom: null },
  };
}

/** Apple's hypervisor on Intel keeps parts of a guest's state to itself. */
const canBeSaved = ({ platform, arch }: StartVmInput) => !(platform === 'darwin' && arch === 'x64');

/** Starts the client VM: from its saved state where one fits, else cold; a VM that was booted cold is saved for later starts. */
export async function startVm(input: StartVmInput, services: VmServices, context: StepContext): Promise<StartedVm> {
  const { options } = input;
  const sshPort = await choosePort(
    { what: 'SSH', flag: '--ssh-port', setting: options.sshPort, avoid: [options.nfsPort.value, options.nfsPort.value + 1] },
    services.ports,
    context,
  );
  const spec = vmSpec(input, await services.accelerators(context), sshPort, await services.firmware());
  if (!options.cold && !canBeSaved(input)) {
    context.report({ type: 'note.reported', level: 'info', message: 'a VM can’t be saved on an Intel Mac; booting cold' });
  } else if (!options.cold) {
    const started = await startSaved(input, spec, services, context);
    if (started !== null) return started;
  }
  const vm = await inPhase(
    context,
    'vm',
    async (timed) => {
      await services.images.createOverlay({ base: input.image.disk, overlay: spec.overlay }, { signal: timed.signal });
      return boot({ ...input, phase: 'vm' }, spec, input.onStarted, services, timed);
    },
    ({ record }) => `${describe(input, record)}, booted cold`,
  );
  return { vm, suiteDigest: null, kernel: null };
}

const describe = ({ image }: StartVmInput, { accelerator, sshPort }: VmRecord) => `${image.title}, ${accelerator}, SSH on 127.0.0.1:${sshPort}`;

/** The VM booted and works, but can't be saved. */
class SavingFailed extends EnvironmentError {}

/** Null where neither a saved VM nor a new one can be used: then the VM is booted as if there were none. */
async function startSaved(input: StartVmInput, spec: VmSpec, services: VmServices, context: StepContext): Promise<StartedVm | null> {
  const note = (message: string) => context.report({ type: 'note.reported', level: 'info', message });
  const bake = (files: SavedVmFiles) => bootAndSave(input, spec, files, services, context);
  for (const lastTry of [false, true]) {
    const saved = await input.saved.provide(input, spec, bake, note, context.signal).catch((error: unknown) => {
      if (!(error instanceof SavingFailed)) throw error;
      note(`${error.message}; booting cold, without saving`);
      return null;
    });
    if (saved === null) return null;
    try {
      const { vm, kernel } = await inPhase(
        context,
        'vm',
        (timed) => restore(input, spec, saved, services, timed),
        ({ vm: { record } }) => `${describe(input, record)}, from its saved state`,
      );
      return { vm, suiteDigest: saved.suiteDigest, kernel };
    } catch (error) {
      context.signal.throwIfAborted();
      await input.saved.discard(saved);
      note(`${messageOf(error)}; ${lastTry ? 'booting cold, without saving' : 'booting cold and saving again'}`);
    }
  }
  return null;
}

async function restore(
  input: StartVmInput,
  spec: VmSpec,
  saved: SavedVm,
  { vms, images }: VmServices,
  context: StepContext,
): Promise<{ readonly vm: VmHandle } & Resumed> {
  const { files, accelerator } = saved;
  const { signal } = context;
  await images.createOverlay({ base: files.disk, overlay: spec.overlay, trusted: true }, { signal });
  const wanted: VmSpec = { ...spec, accelerators: [accelerator], memoryFile: { path: files.memory, sharing: 'private' }, restoreFrom: files.devices };
  const vm = await vms.start(wanted, { signal, onNote: () => {} });
  let resumed: Resumed;
  try {
    resumed = await resume(vm, input.hostname, signal);
  } catch (error) {
    await vm.stop({ graceMs: 0 });
    throw error;
  }
  await input.onStarted(vm);
  context.report({ type: 'vm.started', pid: vm.record.pid, accelerator: vm.record.accelerator, sshPort: vm.record.sshPort });
  context.report({ type: 'vm.ready' });
  return { vm, ...resumed };
}

/** Boots a VM whose memory and disk lie in the saved VM's files, brings the suite into it, and saves it. It is gone afterwards. */
async function bootAndSave(input: StartVmInput, spec: VmSpec, files: SavedVmFiles, services: VmServices, context: StepContext): Promise<string> {
  const { signal } = context;
  const wanted: VmSpec = { ...spec, overlay: files.disk, memoryFile: { path: files.memory, sharing: 'shared' } };
  let vm: VmHandle | null = null;
  const onStarted = (started: VmHandle) => {
    vm = started;
    return input.onBooting(started);
  };
  try {
    const booted = await inPhase(
      context,
      'vm-boot',
      async (timed) => {
        await services.images.createOverlay({ base: input.image.disk, overlay: files.disk }, { signal: timed.signal });
        return boot({ ...input, phase: 'vm-boot' }, wanted, onStarted, services, timed);
      },
      ({ record }) => describe(input, record),
    );
    const session = await connectClient(services.remote, booted, input.privateKey, context);
    await uploadSuite(session, input.suite, context);
    await inPhase(context, 'vm-save', async ({ signal }) => {
      await warmUp(session, input.suite, signal);
      session.close();
      await quiesce(booted, signal);
      await booted.saveState(files.devices, { signal });
      await booted.stop({ graceMs: 0 });
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw new SavingFailed(messageOf(error), 'use --cold not to try it', { cause: error });
    });
    return booted.record.accelerator;
  } finally {
    await (vm as VmHandle | null)?.stop({ graceMs: 0 });
    await input.onBooting(null);
  }
}

/** Starts a VM and waits for the marker on its console. */
async function boot(
  input: Pick<StartVmInput, 'tail' | 'onConsole' | 'options'> & { readonly phase: Phase },
  spec: VmSpec,
  onStarted: (vm: VmHandle) => Promise<void>,
  services: VmServices,
  context: StepContext,
): Promise<VmHandle> {
  const onNote = (message: string) => context.report({ type: 'note.reported', level: 'info', message });
  const vm = await services.vms.start(spec, { signal: context.signal, onNote });
  await onStarted(vm);
  context.report({ type: 'vm.started', pid: vm.record.pid, accelerator: vm.record.accelerator, sshPort: vm.record.sshPort });
  await waitForMarker(input, vm, input.phase, context);
  await services.onBooted(vm.record.accelerator);
  context.report({ type: 'vm.ready' });
  return vm;
}

/** Follows the console through the log of the run, which the caller feeds. */
export async function waitForMarker(
  { tail, onConsole, options }: Pick<StartVmInput, 'tail' | 'onConsole' | 'options'>,
  vm: VmHandle,
  phase: Phase,
  context: StepContext,
  deadlineMs = context.deadlines.bootMs,
): Promise<void> {
  const progress = progressOf(context, phase);
  const deadline = performance.now() + deadlineMs;
  let ended = false;
  let last = '';
  // What it said last is read a moment after its end.
  const gone = vm.exited
    .then(() => delay(lastWordsMs, context.signal))
    .then(
      () => {
        ended = true;
      },
      () => {},
    );
  for (;;) {
    context.signal.throwIfAborted();
    const { lines } = tail(400);
    // "@" stands around the marker where cloud-init prints its own input.
    if (lines.some((line) => line.includes(readyMarker) && !line.includes(`@${readyMarker}`))) return;
    const failure = lines.find((line) => line.includes(`${failedMarker}:`));
    const problem = failure
      ? `the client VM is not usable: ${failure.slice(failure.indexOf(':') + 1).trim()}`
      : lines.some((line) => line.includes('Kernel panic'))
        ? `the client VM's kernel panicked: ${lines.find((line) => line.includes('Kernel panic'))}`
        : ended
          ? 'the client VM ended while it booted'
          : performance.now() > deadline
            ? `the client VM was not ready within ${deadlineMs / 1000} s; last on its console: ${lines.at(-1)?.trim().slice(0, 200) || 'nothing'}`
            : null;
    if (problem !== null) {
      const hint = failure
        ? 'an image without these packages needs the network at its first boot'
        : `try --memory 1G or another --accel; the console's log says more (${vmFiles(options).qemuLog} has QEMU's own)`;
      throw new EnvironmentError(problem, hint, { log: tail(15) });
    }
    const line = lines.at(-1)?.trim() ?? '';
    if (line !== last && line !== '') progress(line.slice(0, 100));
    last = line;
    const left = Math.max(0, deadline - performance.now()) + 1;
    await nextChange({ subscribe: onConsole, until: gone, signal: context.signal, ms: left });
  }
}
