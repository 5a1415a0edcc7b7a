import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, readFile, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Options } from '../config/options.ts';
import { asset } from '../config/paths.ts';
import { clientUser, readyMarker, vmFiles } from '../config/vm-files.ts';
import { type LockRecord, withLock } from '../disk/lock.ts';
import type { Tell } from '../disk/read-json.ts';
import { writeFileAtomically } from '../disk/write-file.ts';
import { EnvironmentError, messageOf, UserError } from '../model/errors.ts';
import type { ProcessTable, VmImage, VmImageService } from '../services/types.ts';
import { type ClientKey, ensureClientKey } from './client-key.ts';
import { contentHash } from './content-hash.ts';
import { inPhase, progressOf, type StepContext } from './context.ts';
import { withDeadline } from './deadline.ts';
import { ensureHostKey, hostKeyInSeed } from './host-key.ts';

const phase = 'vm-image';

/** What tells a guest who it is. */
export interface Seed {
  /** Path of the ISO image. */
  readonly cidata: string;
  /** SSH host key that it gives the guest; null: one of the user's gives none. */
  readonly hostKey: string | null;
}

export interface PreparedVm extends Seed {
  readonly image: VmImage;
  readonly key: ClientKey;
  readonly detail: string;
}

/** What an image that we made was made of; lies beside it. */
interface Stamp {
  readonly source: 'alpine' | 'debian';
  /** Empty while it is being made: a disk without a stamp is the user's, one with this is made anew. */
  readonly inputs: string;
  /** Alpine only: its packages are installed. */
  readonly provisioned: boolean;
}

export interface VmImageServices {
  readonly processes: ProcessTable;
  readonly images: VmImageService;
  /** Boots an image once so that it installs its packages, then shuts it down. */
  readonly provision: (image: VmImage, seed: Seed, key: ClientKey, context: StepContext) => Promise<void>;
}

/** Finds or makes the client VM's disk image, the key and the seed ISO. */
export function prepareVmImage(
  options: Options,
  platform: NodeJS.Platform,
  arch: string,
  services: VmImageServices,
  context: StepContext,
): Promise<PreparedVm> {
  const prepare = async (timed: StepContext): Promise<PreparedVm> => {
    const key = await ensureClientKey(vmFiles(options).key, tellOf(timed));
    const seed = await prepareSeed(options, key, services.images, timed);
    const found = await prepareDisk(options, platform, arch, services.images, timed);
    if (found.image.needsProvisioning) {
      progressOf(timed, phase)('first boot: installing packages');
      await services.provision(found.image, seed, key, timed);
      await markProvisioned(found.image.disk);
    }
    return { ...found, ...seed, key };
  };
  // Environments that share the image may start at the same time.
  const onWait = ({ pid }: LockRecord) => progressOf(context, phase)(`waiting for process ${pid}, which makes it`);
  const lock = { processes: services.processes, deadlineMs: options.deadlines.buildMs, onWait };
  return inPhase(
    context,
    phase,
    (timed) => withLock(vmFiles(options).imageLock, { ...lock, signal: timed.signal }, () => prepare(timed)),
    (prepared) => prepared.detail,
  );
}

const tellOf =
  ({ report }: Pick<StepContext, 'report'>): Tell =>
  (message) =>
    report({ type: 'note.reported', level: 'warning', message });

const stampPath = (disk: string) => `${disk}.json`;

async function readStamp(disk: string): Promise<Stamp | null> {
  try {
    return JSON.parse(await readFile(stampPath(disk), 'utf8')) as Stamp;
  } catch {
    return null;
  }
}

async function markProvisioned(disk: string): Promise<void> {
  const stamp = await readStamp(disk);
  await writeFileAtomically(stampPath(disk), `${JSON.stringify({ ...stamp, provisioned: true })}\n`);
}

async function prepareDisk(
  options: Options,
  platform: NodeJS.Platform,
  arch: string,
  images: VmImageService,
  context: StepContext,
): Promise<{ image: VmImage; detail: string }> {
  const disk = options.vmImage.value;
  const stamp = existsSync(disk) ? await readStamp(disk) : null;
  if (stamp === null && (existsSync(disk) || dirname(disk) !== options.imageDir)) {
    if (!existsSync(disk)) throw new UserError(`the VM image ${disk} does not exist`, 'check --vm-image (VM_IMAGE_NAME), or leave it out to have one made');
    return { image: { disk, kernel: null, title: basename(disk), needsProvisioning: false }, detail: `${disk}, given` };
  }

  const debianInputs = await contentHash(asset('vm'), 'debian', (path) => !/^(debian|customize|overlay)/.test(path));
  const alpineInputs = `alpine-${options.alpine.version}-${arch}`;
  const wanted = options.vmSource === 'auto' ? (stamp?.source ?? 'alpine') : options.vmSource;
  if (stamp?.source === wanted && stamp.inputs === (wanted === 'debian' ? debianInputs : alpineInputs) && kernelIsThere(options, stamp)) {
    // Alpine's first boot wrote the guest's private host key there; a copied or older one may be anybody's to read. That of another folder may be somebody else's.
    if (stamp.source === 'alpine' && dirname(disk) === options.imageDir) await chmod(disk, 0o600);
    const image = stamp.source === 'debian' ? debianImage(options, arch) : alpineImage(disk, options, !stamp.provisioned);
    return { image, detail: `${image.title}, unchanged` };
  }

  const progress = progressOf(context, phase);
  const { signal } = context;
  // What auto fell back to is kept: the network is not asked again on every run.
  if (wanted === 'alpine') {
    try {
      await writeStamp(disk, unfinished('alpine'));
      progress(`downloading Alpine ${options.alpine.version}`);
      const alpineArch = arch === 'arm64' ? 'aarch64' : 'x86_64';
      const target = { target: disk, version: options.alpine.version, arch: alpineArch, sha512: options.alpine.sha512[alpineArch] } as const;
      await withDeadline(
        context,
        { what: `the download of Alpine ${options.alpine.version}`, ms: context.deadlines.downloadMs, flag: '--download-timeout' },
        (timed) => images.downloadAlpine(target, { signal: timed.signal, onProgress: progressOf(timed, phase) }),
      );
      await writeStamp(disk, { source: 'alpine', inputs: alpineInputs, provisioned: false });
      const image = alpineImage(disk, options, true);
      return { image, detail: `${image.title}, downloaded` };
    } catch (error) {
      signal.throwIfAborted();
      if (options.vmSource === 'alpine') throw error;
      if (platform !== 'linux') {
        throw new EnvironmentError(messageOf(error), 'the Debian image can only be built on Linux: copy one over and give it by --vm-image', { cause: error });
      }
      context.report({ type: 'note.reported', level: 'info', message: `${messageOf(error)}; building a Debian image instead` });
    }
  }
  progress('building a Debian image');
  await writeStamp(disk, unfinished('debian'));
  await images.buildDebian({ dir: options.imageDir, name: basename(disk) }, { signal, onProgress: progress, onOutput: (chunk) => context.log('build', chunk) });
  await writeStamp(disk, { source: 'debian', inputs: debianInputs, provisioned: true });
  const image = debianImage(options, arch);
  return { image, detail: `${image.title}, built` };
}

const unfinished = (source: Stamp['source']): Stamp => ({ source, inputs: '', provisioned: false });

const writeStamp = (disk: string, stamp: Stamp) => writeFileAtomically(stampPath(disk), `${JSON.stringify(stamp)}\n`);

function kernelIsThere(options: Options, stamp: Stamp): boolean {
  const { vmlinuz, initrd } = vmFiles(options);
  return stamp.source === 'alpine' || (existsSync(vmlinuz) && existsSync(initrd));
}

function debianImage(options: Options, arch: string): VmImage {
  const { vmlinuz, initrd } = vmFiles(options);
  const console = arch === 'arm64' ? 'ttyAMA0' : 'ttyS0';
  const kernel = { image: vmlinuz, initrd, append: `root=/dev/vda rw console=${console}` };
  return { disk: options.vmImage.value, kernel, title: 'Debian 12 client', needsProvisioning: false };
}

const alpineImage = (disk: string, options: Options, needsProvisioning: boolean): VmImage => ({
  disk,
  kernel: null,
  title: `Alpine ${options.alpine.version} client`,
  needsProvisioning,
});

/** Whether the seed is made here, or was; the user-data that it was made of then lies beside it. */
export function isOwnSeed(options: Pick<Options, 'cidata' | 'imageDir' | 'vmDir'>): boolean {
  const cidata = options.cidata.value;
  return dirname(cidata) === options.imageDir && (existsSync(vmFiles(options).userData) || !existsSync(cidata));
}

/** Makes the seed ISO from user-data, anew when key or user-data changed. One that the user gave must let us in. */
async function prepareSeed(options: Options, key: ClientKey, images: VmImageService, context: StepContext): Promise<Seed> {
  const files = vmFiles(options);
  const cidata = options.cidata.value;
  if (!isOwnSeed(options)) {
    if (!existsSync(cidata)) throw new UserError(`the seed image ${cidata} does not exist`, 'check --cidata (CIDATA_NAME), or leave it out to have one made');
    // Small files lie unpacked in an ISO image.
    const keyData = key.publicKey.split(' ')[1] ?? '';
    const content = await readFile(cidata);
    if (!content.includes(keyData)) {
      throw new UserError(
        `${cidata} does not hold this checkout's SSH key`,
        `add ${files.key}.pub to its user-data (user ${clientUser}), or leave --cidata out`,
      );
    }
    return { cidata, hostKey: hostKeyInSeed(content) };
  }
  const hostKey = await ensureHostKey(files.hostKey, tellOf(context));
  const template = await readFile(asset('vm', 'user-data'), 'utf8');
  const text = template
    .replaceAll('@SSH_PUBLIC_KEY@', key.publicKey)
    .replaceAll('@SSH_HOST_PRIVATE_KEY@', JSON.stringify(hostKey.privateKey))
    .replaceAll('@SSH_HOST_PUBLIC_KEY@', JSON.stringify(hostKey.publicKey))
    .replaceAll('@READY_MARKER@', readyMarker);
  const unchanged = existsSync(cidata) && (await readFile(files.userData, 'utf8').catch(() => '')) === text;
  if (!unchanged) {
    // Where making the new one fails, the old one must not look like it.
    await rm(cidata, { force: true });
    await writeFileAtomically(files.userData, text, { mode: 0o600 });
    // A disk that was booted before, as Alpine's is for its packages, takes keys only from a seed that is new to it.
    const id = createHash('sha256').update(text).digest('hex').slice(0, 12);
    await writeFileAtomically(files.metaData, (await readFile(asset('vm', 'meta-data'), 'utf8')).replace('@SEED_ID@', id));
    await images.createSeed({ target: cidata, userData: files.userData, metaData: files.metaData }, { signal: context.signal });
  }
  return { cidata, hostKey: hostKey.publicKey };
}
