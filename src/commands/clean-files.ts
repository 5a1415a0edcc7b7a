import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Options } from '../config/options.ts';
import { instancesDir, triageDir, vmFiles } from '../config/vm-files.ts';
import { leftoversOf, workFoldersOf } from '../disk/leftovers.ts';

/** What lies in a folder in which a seed is made; on macOS the last for a moment. */
const seedParts = ['content', 'seed.iso', 'seed.iso.iso'];

/** Removes what this program made in the VM folder, of every environment there; nothing may run in them. Returns what people may miss, a line each. */
export async function removeFiles(options: Pick<Options, 'imageDir' | 'cidata' | 'vmImage'>): Promise<readonly string[]> {
  const { imageDir } = options;
  const [cidata, image] = [options.cidata.value, options.vmImage.value];
  const files = vmFiles({ vmDir: imageDir });
  if (dirname(cidata) === imageDir) {
    // The seed ISO was made here where the user-data that it was made of lies beside it.
    if (existsSync(files.userData)) await rm(cidata, { force: true });
    // A program that was killed left there what holds the guest's private host key.
    for (const folder of await workFoldersOf(cidata, seedParts)) await rm(folder, { recursive: true, force: true });
  }
  const keys = [files.key, `${files.key}.pub`, files.hostKey, files.knownHosts];
  const ours = [files.overlay, files.userData, files.metaData, files.vmlinuz, files.initrd, files.consoleLog, files.qemuLog, ...keys];
  const found = [files.saved, files.digests, files.accelerators, files.serverLog, triageDir(imageDir), instancesDir(imageDir)];
  for (const path of [...ours, ...found]) await rm(path, { recursive: true, force: true });
  // A stamp beside an image says that it was made here.
  const stamp = `${image}.json`;
  // Damaged ones that were set aside, keys among them, and what was half written when a program was killed.
  for (const path of [...keys, files.userData, files.metaData, files.digests, files.accelerators, files.environment, stamp])
    for (const leftover of await leftoversOf(path)) await rm(leftover, { force: true });
  const isOurs = await rm(stamp).then(
    () => true,
    () => false,
  );
  if (!isOurs) return [];
  // The other is a download that was cut off.
  for (const path of [image, `${image}.part`]) await rm(path, { force: true });
  return [`removed ${image}`];
}
