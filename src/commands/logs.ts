import { createReadStream, existsSync } from 'node:fs';
import { openEngine, openVms } from '../app.ts';
import type { Options } from '../config/options.ts';
import { vmFiles } from '../config/vm-files.ts';
import { EnvironmentError, UserError } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { readEnvironment } from '../steps/environment.ts';
import { inLane, optionsOfAskedLane } from './lanes.ts';
import type { CommandInput, RunCommand } from './types.ts';

/** Time for what was written before to arrive where nothing is followed. */
const drainMs = 500;

export const logs: RunCommand = async (input) => {
  const which = input.words[0] ?? 'server';
  if (which !== 'server' && which !== 'vm') throw new UserError(`there is no log '${which}'`, 'use server or vm');
  const options = optionsOfAskedLane(input.options, input.setting);
  return which === 'vm' ? printConsole(options, input) : printServerLog(options, input);
};

async function printServerLog(options: Options, { switches, write }: CommandInput): Promise<ExitCode> {
  const record = (await readEnvironment(options))?.server ?? null;
  const container = record && (await (await openEngine()).attachContainer(record.containerId));
  if (!container)
    throw new EnvironmentError(`no server is running${inLane(options)}`, 'start it with `nfstest-tui start-env`; past runs have server.log in their folder');
  await print(container.logs({ signal: stopSignal(switches.has('follow')) }), write);
  return ExitCode.passed;
}

async function printConsole(options: Options, { switches, write }: CommandInput): Promise<ExitCode> {
  const record = (await readEnvironment(options))?.vm ?? null;
  const vm = record && (await openVms().attach(record));
  const { consoleLog } = vmFiles(options);
  if (vm) await print(vm.console({ signal: stopSignal(switches.has('follow')) }), write);
  else if (existsSync(consoleLog)) await print(createReadStream(consoleLog), write);
  else throw new EnvironmentError(`there is no console log yet${inLane(options)}`, 'start the VM with `nfstest-tui start-env`');
  return ExitCode.passed;
}

function stopSignal(follow: boolean): AbortSignal {
  if (!follow) return AbortSignal.timeout(drainMs);
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  return interrupted.signal;
}

async function print(output: AsyncIterable<Uint8Array>, write: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  // `write` lets colours alone through to a terminal; a file gets the log as it is.
  for await (const chunk of output) write(decoder.decode(chunk, { stream: true }));
}
