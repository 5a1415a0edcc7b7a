import { openEngine, openVms, processes } from '../app.ts';
import { environmentsOnDisk } from '../config/vm-files.ts';
import { PortClaims } from '../host/port-claims.ts';
import { messageOf } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { EngineService } from '../services/types.ts';
import { lockEnvironment } from '../steps/environment.ts';
import { labels } from '../steps/labels.ts';
import { orphansRemain, stopOrphans } from '../steps/orphans.ts';
import { baseImageRepository } from '../steps/server-image.ts';
import { stopEnvironment } from '../steps/stop.ts';
import { removeFiles } from './clean-files.ts';
import type { CommandInput, RunCommand } from './types.ts';

/** Stops everything and removes what this program built; with --orphans only stops what runs left that were killed. */
export const cleanUp: RunCommand = async (input) => {
  if (input.switches.has('orphans')) return cleanOrphans(input);
  const unlocks: (() => Promise<void>)[] = [];
  try {
    // A run of another instance, or a triage, is under way as well as one here: nothing is taken from under it.
    for (const vmDir of await environmentsOnDisk(input.options.imageDir)) unlocks.push(await lockEnvironment({ vmDir }, processes));
    for (const line of await clean(input)) input.write(`${line}\n`);
    return ExitCode.passed;
  } finally {
    for (const unlock of unlocks) await unlock();
  }
};

async function cleanOrphans({ options, write }: CommandInput): Promise<ExitCode> {
  const { stopped, troubles } = await stopOrphans(options, { openEngine, vms: openVms(), processes });
  await new PortClaims().sweep();
  write(stopped.length > 0 ? `stopped ${stopped.join(', ')}\n` : 'nothing was left behind\n');
  if (troubles.length > 0) throw orphansRemain(troubles);
  return ExitCode.passed;
}

async function clean({ options }: CommandInput): Promise<readonly string[]> {
  const done: string[] = [];
  const dirs = await environmentsOnDisk(options.imageDir);
  // First, and without the engine: nothing else ends a VM whose files are gone.
  const stopIn = async (vmDir: string, parts: { server: boolean; vm: boolean }, engine = openEngine) =>
    done.push(...(await stopEnvironment({ ...options, vmDir }, parts, { openEngine: engine, vms: openVms() })).map((what) => `stopped ${what}`));
  for (const vmDir of dirs) await stopIn(vmDir, { server: false, vm: true });
  const engine = await openEngine().catch((error: unknown) => {
    done.push(`left containers and images alone: ${messageOf(error)}`);
    return null;
  });
  if (engine) {
    for (const vmDir of dirs) await stopIn(vmDir, { server: true, vm: false }, async () => engine);
    done.push(...(await removeImages(engine)));
  }
  done.push(...(await removeFiles(options)));
  return done;
}

/** Removes images that carry our label for their own name: one that was built on top of ours inherits the label, and is not ours. */
async function removeImages(engine: EngineService): Promise<readonly string[]> {
  const labelled = await engine.listImages({ label: labels.reference });
  const built: string[] = [];
  for (const reference of labelled) if ((await engine.inspectImage(reference))?.labels[labels.reference] === reference) built.push(reference);
  const lines: string[] = [];
  for (const reference of [...built, ...(await engine.listImages({ repository: baseImageRepository }))]) {
    const failure = await engine.removeImage(reference).then(() => null, messageOf);
    lines.push(failure === null ? `removed image ${reference}` : `left image ${reference}: ${failure}`);
  }
  return lines;
}
