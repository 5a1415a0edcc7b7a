import { rm } from 'node:fs/promises';
import type { Options } from '../config/options.ts';
import { environmentId, vmFiles } from '../config/vm-files.ts';
import type { EngineService, VmService } from '../services/types.ts';
import { EnvironmentFile, readEnvironment } from './environment.ts';
import { labels } from './server-image.ts';

const graceMs = 2_000;

/** Stops the environment of a VM folder, also one whose program died. Returns what was stopped, for people; empty: nothing ran. */
export async function stopEnvironment(
  options: Options,
  parts: { readonly server: boolean; readonly vm: boolean },
  { openEngine, vms }: { readonly openEngine: () => Promise<EngineService>; readonly vms: VmService },
): Promise<readonly string[]> {
  const record = await readEnvironment(options);
  const file = record && new EnvironmentFile(options, record.runId);
  if (record) file?.adopt(record);
  const stopped: string[] = [];
  const files = vmFiles(options);
  if (parts.vm) {
    const vm = record?.vm ? await vms.attach(record.vm) : null;
    if (vm) await vm.stop({ graceMs });
    // A program that died between starting the VM and noting it left only the socket.
    const reaped = await vms.reap(files.qmpSocket);
    if (vm || reaped) stopped.push(vm ? `client VM (pid ${vm.record.pid})` : 'client VM');
    await rm(files.overlay, { force: true });
    // Written down at once: the VM is gone even where no engine answers.
    await file?.update({ vm: null });
  }
  if (parts.server) {
    const engine = await openEngine();
    for (const { id, name } of await engine.listContainers(`${labels.environment}=${environmentId(options.vmDir)}`)) {
      const container = await engine.attachContainer(id);
      await container?.remove({ graceMs });
      stopped.push(`container ${name}`);
    }
    await file?.update({ server: null });
  }
  return stopped;
}
