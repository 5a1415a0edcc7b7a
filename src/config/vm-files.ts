import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Options } from './options.ts';

/** What the VM's user-data prints on the console when the client is ready, and the word before a reason why it isn't. */
export const readyMarker = 'NFSTEST_VM_READY';
export const failedMarker = 'NFSTEST_VM_FAILED';

/** The user that user-data makes: it may use sudo without a password, and is not root, whom no permission stops. */
export const clientUser = 'nfstest';

/** Sockets' paths may have about 100 bytes; a deep checkout has its own in the system's folder for such. */
function socketPath(dir: string, name: string): string {
  const path = join(dir, `${name}.sock`);
  return Buffer.byteLength(path) < 100 ? path : join(tmpdir(), `nfstest-tui-${environmentId(dir)}-${name}.sock`);
}

const laneFolder = /^lane-(\d+)$/;

/** Numbers of the lanes, from 0, that have a folder in a VM folder; the first always counts. */
export async function lanesOnDisk({ vmDir }: Pick<Options, 'vmDir'>): Promise<readonly number[]> {
  const names = await readdir(vmDir).catch(() => []);
  const others = names.flatMap((name) => {
    const match = laneFolder.exec(name);
    return match === null ? [] : [Number(match[1]) - 1];
  });
  return [0, ...others.filter((lane) => lane > 0).sort((a, b) => a - b)];
}

/** Where environments with a name of their own lie, in the VM folder of the one without. */
export const instancesDir = (vmDir: string): string => join(vmDir, 'instances');

/** Where triage has its environment, beside that of the run. */
export const triageDir = (vmDir: string): string => join(vmDir, 'triage');

/** Folders of all environments in a VM folder that exist: its own, triage's, and those of its instances. */
export async function environmentsOnDisk(vmDir: string): Promise<readonly string[]> {
  const instances = await readdir(instancesDir(vmDir)).catch(() => []);
  const roots = [vmDir, ...instances.map((name) => join(instancesDir(vmDir), name))];
  return roots.flatMap((dir) => [dir, triageDir(dir)]).filter((dir) => existsSync(dir));
}

/** Every file of the environment in a VM folder. Lanes after the first have a folder of their own for what they don't share. */
export function vmFiles({ vmDir, imageDir = vmDir, lane = 0 }: Pick<Options, 'vmDir'> & Partial<Pick<Options, 'imageDir' | 'lane'>>) {
  const laneDir = lane === 0 ? vmDir : join(vmDir, `lane-${lane + 1}`);
  return {
    laneDir,
    key: join(imageDir, 'id_ed25519'),
    /** Host key that the seed gives every guest. */
    hostKey: join(imageDir, 'host_ed25519'),
    /** Names the host key of the lane's VM, for ssh; missing where it is not known. */
    knownHosts: join(laneDir, 'known_hosts'),
    userData: join(imageDir, 'user-data'),
    metaData: join(imageDir, 'meta-data'),
    overlay: join(laneDir, 'vm-test.qcow2'),
    vmlinuz: join(imageDir, 'vmlinuz'),
    initrd: join(imageDir, 'initrd.img'),
    consoleLog: join(laneDir, 'vm.log'),
    qemuLog: join(laneDir, 'qemu.log'),
    serverLog: join(laneDir, 'server.log'),
    qmpSocket: socketPath(laneDir, 'qmp'),
    agentSocket: socketPath(laneDir, 'agent'),
    suiteSocket: socketPath(laneDir, 'suite'),
    /** Beginning of the names of captures that go on. */
    capture: join(laneDir, 'capture-'),
    /** Folder of saved VMs. */
    saved: join(imageDir, 'saved'),
    /** What was found to be the digest of a large file. */
    digests: join(imageDir, 'digests.json'),
    /** Held while image, key or saved VM are made: environments that share them wait. */
    imageLock: join(imageDir, 'image.lock'),
    environment: join(laneDir, 'env.json'),
    lock: join(vmDir, 'run.lock'),
    accelerators: join(imageDir, 'accelerator.json'),
  };
}

/** A name for the environment of a VM folder; containers carry it as a label. */
export const environmentId = (vmDir: string): string => createHash('sha256').update(vmDir).digest('hex').slice(0, 12);

/** Name of the guest in a known_hosts file: its port differs from start to start. */
export const hostKeyAlias = 'nfstest-vm';

/**
 * ssh's options for a guest.
 *
 * @param isPinned its host key is in the known_hosts file. Where it is not known, none can be checked.
 */
export const sshArguments = ({ key, knownHosts }: Readonly<Record<'key' | 'knownHosts', string>>, port: number, isPinned: boolean): string[] => [
  // Keys of an agent would be tried first, and too many end the login.
  ...['-i', key, '-o', 'IdentitiesOnly=yes', '-p', String(port)],
  ...(isPinned
    ? // A blank would end the path, and % begins what ssh fills in. Quotes are ssh's, not a shell's.
      ['-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile="${knownHosts.replaceAll('%', '%%')}"`, '-o', `HostKeyAlias=${hostKeyAlias}`]
    : ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null']),
  ...['-o', 'LogLevel=ERROR', `${clientUser}@127.0.0.1`],
];
