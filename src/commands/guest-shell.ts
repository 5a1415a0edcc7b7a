import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Options } from '../config/options.ts';
import { hostKeyAlias, sshArguments, vmFiles } from '../config/vm-files.ts';
import type { VmRecord } from '../services/types.ts';
import { environmentOf } from '../steps/environment-record.ts';

function recordedVm(path: string): VmRecord | null {
  try {
    return environmentOf(JSON.parse(readFileSync(path, 'utf8')))?.vm ?? null;
  } catch {
    return null;
  }
}

/**
 * ssh's arguments for a shell in the guest of a lane whose SSH port is `port`; the guest's host key is checked unless nobody knows it.
 * A known_hosts that was lost is written again from env.json; where that is lost, too, ssh refuses instead of trusting whoever answers.
 * Cheap, and never throws: a screen asks at every key.
 */
export function guestShellArguments(options: Pick<Options, 'vmDir' | 'imageDir' | 'lane'>, port: number): string[] {
  const files = vmFiles(options);
  if (existsSync(files.knownHosts)) return sshArguments(files, port, true);
  const vm = recordedVm(files.environment);
  if (vm?.sshPort !== port) return sshArguments(files, port, true);
  const hostKey = vm.hostKey ?? null;
  if (hostKey === null) return sshArguments(files, port, false);
  try {
    writeFileSync(files.knownHosts, `${hostKeyAlias} ${hostKey}\n`);
  } catch {
    // Without the file ssh refuses, and says so.
  }
  return sshArguments(files, port, true);
}
