import type { Setting } from '../config/options.ts';
import { EnvironmentError } from '../model/errors.ts';
import type { PortService } from '../services/types.ts';
import type { StepContext } from './context.ts';

/** The port to use: the one set if it is free, else a free one near it, unless it was asked for by name. */
export async function choosePort(
  { what, flag, setting, avoid }: { what: string; flag: string; setting: Setting<number>; avoid: readonly number[] },
  ports: PortService,
  context: StepContext,
): Promise<number> {
  const isFree = await ports.isFree(setting.value);
  // What was asked for by name is not handed to somebody else.
  if (isFree && ((await ports.claim(setting.value)) || setting.explicit)) return setting.value;
  const holder = isFree ? 'a run that is about to start' : ((await ports.holder(setting.value)) ?? 'a process that can’t be seen from here');
  if (setting.explicit) {
    throw new EnvironmentError(`port ${setting.value} (${what}) is taken by ${holder}`, `end it, or give another port with ${flag}`);
  }
  const port = await ports.findFree({ from: setting.value + 1, avoid });
  context.report({ type: 'note.reported', level: 'info', message: `port ${setting.value} (${what}) is taken by ${holder}; using ${port}` });
  return port;
}
