import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Options } from '../config/options.ts';
import { clientUser } from '../config/vm-files.ts';
import { EnvironmentError } from '../model/errors.ts';
import type { PortService, RemoteService, VmImage, VmService } from '../services/types.ts';
import { LogBuffer } from '../stream/ring-buffer.ts';
import { LineSplitter } from '../stream/split-lines.ts';
import type { ClientKey } from './client-key.ts';
import type { StepContext } from './context.ts';
import { type VmServices, vmSpec, waitForMarker } from './vm.ts';
import type { Seed } from './vm-image.ts';
import { aborted, within } from './wait.ts';

/** Packages come over the network of an emulated guest. */
const shutdownDeadlineMs = 60_000;

export interface ProvisionInput {
  readonly options: Options;
  readonly image: VmImage;
  readonly seed: Seed;
  readonly key: ClientKey;
}

export interface ProvisionServices extends Pick<VmServices, 'accelerators' | 'firmware' | 'onBooted'> {
  readonly vms: VmService;
  readonly ports: PortService;
  readonly remote: RemoteService;
}

/** Boots an image itself, not an overlay, so that what cloud-init installs stays; then shuts it down in good order. */
export async function provisionImage({ options, image, seed, key }: ProvisionInput, services: ProvisionServices, context: StepContext): Promise<void> {
  const runId = 'provisioning';
  const sshPort = await services.ports.findFree({ from: options.sshPort.value, avoid: [options.nfsPort.value] });
  const spec = vmSpec(
    { runId, options, platform: process.platform, arch: process.arch, image, ...seed },
    await services.accelerators(context),
    sshPort,
    await services.firmware(),
  );
  const consoleLog = join(options.vmDir, 'provisioning.log');
  const onNote = (message: string) => context.report({ type: 'note.reported', level: 'info', message });
  const vm = await services.vms.start({ ...spec, overlay: image.disk, consoleLog }, { signal: context.signal, onNote });
  const follower = new AbortController();
  const buffer = new LogBuffer();
  try {
    void (async () => {
      const splitter = new LineSplitter();
      for await (const chunk of vm.console({ signal: follower.signal, maxBytes: options.logMaxBytes }))
        for (const line of splitter.push(chunk)) buffer.push(line);
    })();
    const tail = (count: number) => ({ path: consoleLog, lines: buffer.tail(count) });
    await waitForMarker({ tail, onConsole: buffer.subscribe, options }, vm, 'vm-image', context);
    const session = await services.remote.connect(
      { host: '127.0.0.1', port: sshPort, user: clientUser, privateKey: key.privateKey, hostKey: seed.hostKey },
      { signal: context.signal, deadlineMs: context.deadlines.connectMs },
    );
    // The connection goes with the guest.
    await session.exec('sync; sudo poweroff', { signal: AbortSignal.any([context.signal, AbortSignal.timeout(shutdownDeadlineMs)]) }).catch(() => {});
    session.close();
    const ended = await within(shutdownDeadlineMs, Promise.race([vm.exited, aborted(context.signal)]));
    context.signal.throwIfAborted();
    if (!ended)
      throw new EnvironmentError(`the client VM did not shut down within ${shutdownDeadlineMs / 1000} s`, 'try again; provisioning.log has its console');
    await services.onBooted(vm.record.accelerator);
  } catch (error) {
    // Half-installed, it would only fail later; a download starts over.
    await vm.stop({ graceMs: 0 });
    await rm(image.disk, { force: true });
    throw error;
  } finally {
    await vm.stop({ graceMs: 0 });
    follower.abort();
  }
}
