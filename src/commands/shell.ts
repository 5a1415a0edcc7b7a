import { execa } from 'execa';
import { processes } from '../app.ts';
import { clientUser, vmFiles } from '../config/vm-files.ts';
import { EnvironmentError } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { readEnvironment } from '../steps/environment.ts';
import type { RunCommand } from './types.ts';

/** ssh's options for a guest that is new at every start: its host key can't be known. */
export const sshArguments = (key: string, port: number): string[] => [
  // Keys of an agent would be tried first, and too many end the login.
  ...[
    '-i',
    key,
    '-o',
    'IdentitiesOnly=yes',
    '-p',
    String(port),
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
  ],
  `${clientUser}@127.0.0.1`,
];

export const shell: RunCommand = async ({ options, words }) => {
  const vm = (await readEnvironment(options))?.vm ?? null;
  if (vm === null || (await processes.startTime(vm.pid)) !== vm.startTime) {
    throw new EnvironmentError('no client VM is running', 'start it with `nfstest-tui start-env`, or run with --keep');
  }
  const { exitCode, code } = await execa('ssh', [...sshArguments(vmFiles(options).key, vm.sshPort), ...words], { stdio: 'inherit', reject: false });
  if (code === 'ENOENT') throw new EnvironmentError('ssh is not installed', 'run `nfstest-tui setup`');
  return (exitCode ?? ExitCode.environment) as ExitCode;
};
