import type { Options } from '../config/options.ts';
import { failedMarker, readyMarker, vmFiles } from '../config/vm-files.ts';
import { EnvironmentError } from '../model/errors.ts';
import type { Phase } from '../model/events.ts';
import type { PortService, VmHandle, VmImage, VmImageService, VmService, VmSpec } from '../services/types.ts';
import { inPhase, progressOf, type StepContext } from './context.ts';
import { choosePort } from './ports.ts';
import type { TailOf } from './server.ts';
import { delay } from './wait.ts';

const phase = 'vm';

/** A TCG guest with one busy core beside it needs two minutes; five are a hang. */
const bootDeadlineMs = 300_000;

export interface VmServices {
  readonly vms: VmService;
  readonly images: VmImageService;
  readonly ports: PortService;
  /** Accelerators in the order to try. */
  readonly accelerators: (context: StepContext) => Promise<readonly string[]>;
  /** UEFI code for arm64 guests; null where none is needed or found. */
  readonly firmware: () => Promise<string | null>;
  /** Told which accelerator a guest has shown life with. */
  readonly onBooted: (accelerator: string) => Promise<void>;
}

export interface StartVmInput {
  readonly runId: string;
  readonly options: Options;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly image: VmImage;
  readonly cidata: string;
  readonly tail: TailOf;
  /** Called as soon as the VM exists. */
  readonly onStarted: (vm: VmHandle) => Promise<void>;
}

/** What QEMU will be told; also printed by --dry-run. */
export function vmSpec(
  { runId, options, platform, arch, image, cidata }: Omit<StartVmInput, 'tail' | 'onStarted'>,
  accelerators: readonly string[],
  sshPort: number,
  firmware: string | null,
): VmSpec {
  const files = vmFiles(options);
  return {
    runId,
    platform,
    arch,
    accelerators,
    memoryMiB: options.memoryMiB,
    cpus: options.cpus,
    overlay: files.overlay,
    cidata,
    kernel: image.kernel,
    firmware,
    sshPort,
    consoleLog: files.consoleLog,
    qemuLog: files.qemuLog,
    qmpSocket: files.qmpSocket,
  };
}

/** Boots the client VM on a fresh overlay and waits for the marker on its console. */
export function startVm(input: StartVmInput, services: VmServices, context: StepContext): Promise<VmHandle> {
  return inPhase(
    context,
    phase,
    () => start(input, services, context),
    ({ record }) => `${input.image.title}, ${record.accelerator}, SSH on 127.0.0.1:${record.sshPort}`,
  );
}

async function start(input: StartVmInput, services: VmServices, context: StepContext): Promise<VmHandle> {
  const { options, image } = input;
  const sshPort = await choosePort(
    { what: 'SSH', flag: '--ssh-port', setting: options.sshPort, avoid: [options.nfsPort.value, options.nfsPort.value + 1] },
    services.ports,
    context,
  );
  const accelerators = await services.accelerators(context);
  const spec = vmSpec(input, accelerators, sshPort, await services.firmware());
  await services.images.createOverlay({ base: image.disk, overlay: vmFiles(options).overlay }, { signal: context.signal });
  const onNote = (message: string) => context.report({ type: 'note.reported', level: 'info', message });
  const vm = await services.vms.start(spec, { signal: context.signal, onNote });
  await input.onStarted(vm);
  context.report({ type: 'vm.started', pid: vm.record.pid, accelerator: vm.record.accelerator, sshPort });
  await waitForMarker(input, vm, phase, context);
  await services.onBooted(vm.record.accelerator);
  context.report({ type: 'vm.ready' });
  return vm;
}

/** Follows the console through the log of the run, which the caller feeds. */
export async function waitForMarker(
  { tail, options }: Pick<StartVmInput, 'tail' | 'options'>,
  vm: VmHandle,
  phase: Phase,
  context: StepContext,
  deadlineMs = bootDeadlineMs,
): Promise<void> {
  const progress = progressOf(context, phase);
  const deadline = performance.now() + deadlineMs;
  let ended = false;
  let last = '';
  void vm.exited.then(() => {
    ended = true;
  });
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
            ? `the client VM was not ready within ${deadlineMs / 1000} s`
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
    await delay(200, context.signal);
  }
}
