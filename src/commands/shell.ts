import { execa } from 'execa';
import { processes } from '../app.ts';
import { sshArguments, vmFiles } from '../config/vm-files.ts';
import { EnvironmentError } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { readEnvironment } from '../steps/environment.ts';
import { unknownHostKey, writeKnownHosts } from '../steps/host-key.ts';
import { inLane, optionsOfAskedLane } from './lanes.ts';
import type { RunCommand } from './types.ts';

export const shell: RunCommand = async ({ options: given, setting, words }) => {
  const options = optionsOfAskedLane(given, setting);
  const vm = (await readEnvironment(options))?.vm ?? null;
  if (vm === null || (await processes.startTime(vm.pid)) !== vm.startTime) {
    throw new EnvironmentError(`no client VM is running${inLane(options)}`, 'start it with `nfstest-tui start-env`, or run with --keep');
  }
  const files = vmFiles(options);
  const hostKey = vm.hostKey ?? null;
  // Whoever started the VM has written it; a file that was lost since is no reason to ask.
  await writeKnownHosts(files.knownHosts, hostKey);
  const unknown = unknownHostKey(vm.hostKey);
  if (unknown !== null) process.stderr.write(`${unknown}\n`);
  const { exitCode, code } = await execa('ssh', [...sshArguments(files, vm.sshPort, hostKey !== null), ...words], { stdio: 'inherit', reject: false });
  if (code === 'ENOENT') throw new EnvironmentError('ssh is not installed', 'run `nfstest-tui setup`');
  return (exitCode ?? ExitCode.environment) as ExitCode;
};
