import { cleanCommand } from './clean.ts';
import { environmentCommands } from './environment.ts';
import { doctorCommand, setupCommand } from './host.ts';
import { importCommand } from './import-command.ts';
import { logsCommand } from './logs.ts';
import { replayCommand } from './replay.ts';
import { shellCommand } from './shell.ts';
import { statusCommand } from './status.ts';
import type { Command } from './types.ts';

/** Every command in the order of `--help`. */
export const commands: readonly Command[] = [
  ...environmentCommands,
  statusCommand,
  shellCommand,
  logsCommand,
  importCommand,
  replayCommand,
  doctorCommand,
  setupCommand,
  cleanCommand,
];
