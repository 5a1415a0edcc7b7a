import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Options } from '../config/options.ts';
import { environmentId, lanesOnDisk, vmFiles } from '../config/vm-files.ts';
import type { EngineService, VmService } from '../services/types.ts';
import { EnvironmentFile, type EnvironmentRecord, readEnvironment } from './environment.ts';
import { labels } from './labels.ts';

const graceMs = 2_000;

/** Stops the environment of a VM folder, also one whose program died. Returns what was stopped, for people; empty: nothing ran. */
export async function stopEnvironment(
  options: Options,
  parts: { readonly server: boolean; readonly vm: boolean },
  { openEngine, vms }: { readonly openEngine: () => Promise<EngineService>; readonly vms: VmService },
): Promise<readonly string[]> {
  const stopped: string[] = [];
  const lanes = (await lanesOnDisk(options)).map((lane) => ({ ...options, lane }));
  if (parts.vm) for (const lane of lanes) stopped.push(...(await stopVm(lane, vms)));
  if (parts.server) {
    const engine = await openEngine();
    for (const { id, name } of await engine.listContainers(`${labels.environment}=${environmentId(options.vmDir)}`)) {
      const container = await engine.attachContainer(id);
      await container?.remove({ graceMs });
      stopped.push(`container ${name}`);
    }
    for (const lane of lanes) await (await environmentOf(lane))?.file.update({ server: null });
  }
  for (const lane of lanes) {
    const { laneDir, qmpSocket } = vmFiles(lane);
    // Its other part may go on.
    const isEmpty = (await readEnvironment(lane)) === null && !existsSync(qmpSocket);
    if (lane.lane > 0 && isEmpty) await rm(laneDir, { recursive: true, force: true });
  }
  return stopped;
}

async function environmentOf(options: Options): Promise<{ record: EnvironmentRecord; file: EnvironmentFile } | null> {
  const record = await readEnvironment(options);
  if (record === null) return null;
  const file = new EnvironmentFile(options, record.runId);
  file.adopt(record);
  return { record, file };
}

async function stopVm(options: Options, vms: VmService): Promise<readonly string[]> {
  const files = vmFiles(options);
  const environment = await environmentOf(options);
  const vm = environment?.record.vm ? await vms.attach(environment.record.vm) : null;
  if (vm) await vm.stop({ graceMs });
  // A program that died between starting the VM and noting it left only the socket.
  const reaped = await vms.reap(files.qmpSocket);
  const captures = (await readdir(files.laneDir).catch(() => [])).map((name) => join(files.laneDir, name)).filter((path) => path.startsWith(files.capture));
  await Promise.all([files.overlay, files.agentSocket, files.suiteSocket, ...captures].map((path) => rm(path, { recursive: true, force: true })));
  // Written down at once: the VM is gone even where no engine answers.
  await environment?.file.update({ vm: null, suiteDigest: null });
  return vm || reaped ? [vm ? `client VM (pid ${vm.record.pid})` : 'client VM'] : [];
}
