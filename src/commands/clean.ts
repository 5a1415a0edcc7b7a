import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openServices, processes } from '../app.ts';
import { vmFiles } from '../config/vm-files.ts';
import { messageOf } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { lockEnvironment } from '../steps/environment.ts';
import { baseImageRepository, labels } from '../steps/server-image.ts';
import { stopEnvironment } from '../steps/stop.ts';
import type { Command, CommandInput } from './types.ts';

export const cleanCommand: Command = {
  name: 'clean',
  usage: '',
  summary: 'stop everything and remove the images that were built here',
  details: [
    'Removes the server images that this program built, their base images, and the VM’s files; runs are kept.',
    'Images and files that were given by name are never touched.',
  ],
  run: async (input) => {
    const unlock = await lockEnvironment(input.options, processes);
    try {
      for (const line of await clean(input)) input.write(`${line}\n`);
      return ExitCode.passed;
    } finally {
      await unlock();
    }
  },
};

async function clean({ options }: CommandInput): Promise<readonly string[]> {
  const done: string[] = [];
  try {
    const services = await openServices(options);
    const stopped = await stopEnvironment(options, { server: true, vm: true }, services);
    done.push(...stopped.map((what) => `stopped ${what}`));
    const built = await services.engine.listImages({ label: labels.inputs });
    const bases = await services.engine.listImages({ repository: baseImageRepository });
    for (const reference of [...built, ...bases]) {
      await services.engine.removeImage(reference);
      done.push(`removed image ${reference}`);
    }
  } catch (error) {
    // Without an engine there are no containers and images to remove; the files still go.
    done.push(`left the engine alone: ${messageOf(error)}`);
  }
  const files = vmFiles(options);
  // The seed ISO was made here where the user-data that it was made of lies beside it.
  if (existsSync(files.userData) && dirname(options.cidata.value) === options.vmDir) await rm(options.cidata.value, { force: true });
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
