import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openEngine, openVms, processes } from '../app.ts';
import { vmFiles } from '../config/vm-files.ts';
import { messageOf } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { EngineService } from '../services/types.ts';
import { lockEnvironment } from '../steps/environment.ts';
import { labels } from '../steps/labels.ts';
import { baseImageRepository } from '../steps/server-image.ts';
import { stopEnvironment } from '../steps/stop.ts';
import type { CommandInput, RunCommand } from './types.ts';

/** Stops everything and removes what this program built. */
export const cleanUp: RunCommand = async (input) => {
  const unlock = await lockEnvironment(input.options, processes);
  try {
    for (const line of await clean(input)) input.write(`${line}\n`);
    return ExitCode.passed;
  } finally {
    await unlock();
  }
};

async function clean({ options }: CommandInput): Promise<readonly string[]> {
  const done: string[] = [];
  // First, and without the engine: nothing else ends a VM whose files are gone.
  done.push(...(await stopEnvironment(options, { server: false, vm: true }, { openEngine, vms: openVms() })).map((what) => `stopped ${what}`));
  const engine = await openEngine().catch((error: unknown) => {
    done.push(`left containers and images alone: ${messageOf(error)}`);
    return null;
  });
  if (engine) {
    const stopped = await stopEnvironment(options, { server: true, vm: false }, { openEngine: async () => engine, vms: openVms() });
    done.push(...stopped.map((what) => `stopped ${what}`), ...(await removeImages(engine)));
  }
  const files = vmFiles(options);
  // The seed ISO was made here where the user-data that it was made of lies beside it.
  if (existsSync(files.userData) && dirname(options.cidata.value) === options.imageDir) await rm(options.cidata.value, { force: true });
  const ours = [files.overlay, files.userData, files.metaData, files.vmlinuz, files.initrd, files.consoleLog, files.qemuLog, files.key, `${files.key}.pub`];
  for (const path of ours) await rm(path, { force: true });
  // A stamp beside an image says that it was made here.
  const stamp = `${options.vmImage.value}.json`;
  if (
    await rm(stamp).then(
      () => true,
      () => false,
    )
  ) {
    await rm(options.vmImage.value, { force: true });
    done.push(`removed ${options.vmImage.value}`);
  }
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
