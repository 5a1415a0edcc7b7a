import { join } from 'node:path';
import { messageOf, ReportedError } from '../model/errors.ts';
import type { DiagnoseOptions } from './doctor.ts';
import { engineError } from './engine-socket.ts';
import type { Host } from './host.ts';
import { type FoundTool, type HostFacts, packagesFor } from './inspect.ts';
import type { Check } from './report.ts';
import { qemuBinaryFor, type Tool } from './tools.ts';

const gibibyte = 1024 ** 3;
const mebibyte = 1024 ** 2;

/** Least free space in bytes: a server image with its build, a guest image, the overlay and the logs. */
export const neededDiskBytes = 4 * gibibyte;
/** What QEMU, the engine and this program take beside the guest's memory, in bytes. */
const overheadBytes = 512 * mebibyte;

const gigabytes = (bytes: number) => `${(bytes / gibibyte).toFixed(1)} GiB`;

/** How to get a tool here, in one line. */
export function installHint(tool: Tool, packageManager: HostFacts['packageManager']): string {
  const packages = packagesFor([tool], packageManager);
  if (packageManager === 'apt-get') return `Run: nfstest-tui setup (installs ${packages.join(', ')})`;
  if (packageManager === 'brew' && packages.length > 0) return `Run: brew install ${packages.join(' ')}`;
  return `Install it with your package manager (Debian calls it ${tool.debian.join(', ')}).`;
}

const entryOf = (facts: HostFacts, id: string): FoundTool | undefined => facts.tools.find(({ tool }) => tool.id === id);

/** A tool of the table; null where this system has no need of it. */
export function checkTool(facts: HostFacts, id: string): Check | null {
  const entry = entryOf(facts, id);
  if (!entry) return null;
  const { tool, path } = entry;
  const base = { id, title: tool.title };
  if (path !== null) return { ...base, status: 'ok', detail: path, fix: null };
  return {
    ...base,
    status: tool.need === 'required' ? 'missing' : 'warning',
    detail: `not found (${tool.purpose})`,
    fix: installHint(tool, facts.packageManager),
  };
}

export async function checkSystem(host: Host): Promise<Check> {
  const detail = `${await host.osName()}, ${host.arch}`;
  const base = { id: 'system', title: 'system', detail };
  if (!['linux', 'darwin'].includes(host.platform)) {
    return { ...base, status: 'missing', fix: 'Use Linux or macOS; on Windows, a Linux distribution in WSL 2.' };
  }
  if (!['x64', 'arm64'].includes(host.arch)) return { ...base, status: 'missing', fix: 'Use an x86-64 or 64-bit ARM machine.' };
  return { ...base, status: 'ok', fix: null };
}

export function checkNode(host: Host): Check {
  const isEnough = Number.parseInt(host.nodeVersion, 10) >= 22;
  return {
    id: 'node',
    title: 'Node.js',
    status: isEnough ? 'ok' : 'missing',
    detail: isEnough ? host.nodeVersion : `${host.nodeVersion}, 22 or newer is needed`,
    fix: isEnough ? null : 'Start it with make, which brings a newer one, or install Node.js 22 or newer.',
  };
}

export function checkEngine(facts: HostFacts): Check {
  const base = { id: 'engine', title: 'container engine' };
  const { engine, tried } = facts.engine;
  if (!engine) {
    const error = engineError(tried);
    const isBare = tried.every((attempt) => attempt.hint === null && !attempt.explicit);
    const fix = isBare && facts.packageManager === 'brew' ? 'Run: brew install colima docker && colima start' : error.hint;
    return { ...base, status: 'missing', detail: error.message, fix };
  }
  const storage = engine.storageDriver === null ? '' : `, ${engine.storageDriver}`;
  const detail = `${engine.name} ${engine.version} (API ${engine.apiVersion}${storage}) at ${engine.host}`;
  if (engine.isLocal) return { ...base, status: 'ok', detail, fix: null };
  return {
    ...base,
    status: 'warning',
    detail: `${detail}, on another machine`,
    fix: 'The VM reaches servers on this machine: unset DOCKER_HOST to use a local engine.',
  };
}

export async function checkQemu(host: Host, facts: HostFacts, signal?: AbortSignal): Promise<Check> {
  const check = checkTool(facts, 'qemu');
  if (check === null || check.status !== 'ok') return check ?? { id: 'qemu', title: 'QEMU', status: 'missing', detail: 'not known here', fix: null };
  const result = await host.run(check.detail, ['--version'], { timeoutMs: 10_000, signal });
  const version = /version (\S+)/.exec(result.stdout)?.[1];
  if (result.exitCode === 0 && version !== undefined) return { ...check, detail: `${version} at ${check.detail}` };
  const said = result.stderr.trim().split('\n').at(-1);
  return {
    ...check,
    status: 'missing',
    detail: `${check.detail} does not run: ${said || `exit code ${result.exitCode}`}`,
    fix: 'Install QEMU again.',
  };
}

export async function checkAccelerator(host: Host, facts: HostFacts, options: DiagnoseOptions): Promise<Check> {
  const base = { id: 'accelerator', title: 'accelerator' };
  const qemuBinary = entryOf(facts, 'qemu')?.path ?? null;
  if (qemuBinary === null) {
    return { ...base, status: 'warning', detail: `not tried: there is no ${qemuBinaryFor(facts.arch)}`, fix: 'Install QEMU first.' };
  }
  try {
    const { accelerator, works, reason, rejected } = await host.chooseAccelerator({
      qemuBinary,
      requested: options.accelerator,
      verdictFile: options.verdictFile,
      kernels: options.kernels ?? [],
      signal: options.signal,
    });
    if (accelerator !== 'tcg') {
      const detail = works === true ? `${accelerator}: ${reason}` : `${accelerator}, unproven: ${reason}`;
      return { ...base, status: 'ok', detail, fix: null };
    }
    if (options.accelerator === 'tcg') return { ...base, status: 'ok', detail: 'tcg, as asked for', fix: null };
    const why = rejected.map((result) => `; ${result.accelerator}: ${result.reason}`).join('');
    const fix = rejected.some((result) => result.reason.startsWith('no permission'))
      ? 'Add yourself to the kvm group (sudo usermod -aG kvm "$USER") and log in again.'
      : 'Nothing has to be done; a machine with working KVM or HVF is faster.';
    return { ...base, status: 'warning', detail: `tcg (emulation), slower: about a minute to boot${why}`, fix };
  } catch (error) {
    options.signal?.throwIfAborted();
    const fix = error instanceof ReportedError ? error.hint : 'Use --accel=tcg.';
    return { ...base, status: 'missing', detail: messageOf(error), fix };
  }
}

/** A VM image is downloaded or made here: one of both has to be possible. */
export async function checkImageTools(host: Host, facts: HostFacts, imageUrl: string | null, signal?: AbortSignal): Promise<Check> {
  const base = { id: 'images', title: 'image tools' };
  const needed = ['mmdebstrap', 'mke2fs'].flatMap((id) => entryOf(facts, id) ?? []);
  const absent = needed.filter(({ path }) => path === null).map(({ tool }) => tool);
  const canDownload = imageUrl !== null && (await host.canReach(imageUrl, signal));
  if (needed.length > 0 && absent.length === 0) {
    const downloads = imageUrl === null ? '' : canDownload ? '; downloads work too' : '; no download, images are made here';
    return { ...base, status: 'ok', detail: `${needed.map(({ tool }) => tool.title).join(', ')}${downloads}`, fix: null };
  }
  const names = absent.map((tool) => tool.title).join(', ');
  const [first] = absent;
  const fix = first
    ? installHint({ ...first, debian: absent.flatMap((tool) => tool.debian) }, facts.packageManager)
    : 'Check the network, or give an image with --vm-image.';
  if (canDownload && !first) return { ...base, status: 'ok', detail: 'images can be downloaded', fix: null };
  if (canDownload) return { ...base, status: 'warning', detail: `images can be downloaded; not found: ${names}`, fix };
  return { ...base, status: 'missing', detail: `${first ? `not found: ${names}; ` : ''}no VM image can be downloaded`, fix };
}

export async function checkPort(host: Host, id: string, title: string, port: number): Promise<Check> {
  const { isFree, holder } = await host.port(port);
  if (isFree) return { id, title, status: 'ok', detail: `${port} is free`, fix: null };
  return {
    id,
    title,
    status: 'warning',
    detail: `${port} is taken by ${holder ?? 'another program'}; a run takes the next free one`,
    fix: `Stop it, or choose another: ${id === 'nfs-port' ? '--port' : '--ssh-port'}.`,
  };
}

export async function checkDisk(host: Host, id: string, title: string, path: string): Promise<Check> {
  const free = await host.freeBytes(path);
  if (free === null)
    return {
      id,
      title,
      status: 'warning',
      detail: `${path}: free space not known`,
      fix: `Make sure that ${gigabytes(neededDiskBytes)} are free.`,
    };
  const detail = `${gigabytes(free)} free at ${path}`;
  if (free >= neededDiskBytes) return { id, title, status: 'ok', detail, fix: null };
  return {
    id,
    title,
    status: 'missing',
    detail: `${detail}, ${gigabytes(neededDiskBytes)} are needed`,
    fix: 'Free some space there, for example with: make clean',
  };
}

/** The engine's own folder; null where it is not on this machine's disks (macOS, another machine) or there is no engine. */
export async function checkEngineDisk(host: Host, facts: HostFacts): Promise<Check | null> {
  const engine = facts.engine.engine;
  if (!engine?.isLocal || engine.dataDir === null || facts.platform !== 'linux') return null;
  const check = await checkDisk(host, 'disk-engine', 'disk for the engine', engine.dataDir);
  return check.status === 'missing' ? { ...check, fix: 'Free some space there, for example with: docker system prune' } : check;
}

export function checkMemory(host: Host, vmMemoryBytes: number): Check {
  const needed = vmMemoryBytes + overheadBytes;
  const available = host.availableMemoryBytes();
  const base = { id: 'memory', title: 'memory', detail: `${gigabytes(available)} available, about ${gigabytes(needed)} needed` };
  if (available >= needed) return { ...base, status: 'ok', fix: null };
  return { ...base, status: 'warning', fix: 'Close something, or give the VM less: --memory.' };
}

/** Which server a run without --image-name tests; never a fault. */
export async function checkServerSource(host: Host, source: string | null): Promise<Check | null> {
  if (source === null || source === '') return null;
  const base = { id: 'server-source', title: 'server source', status: 'ok', fix: null } as const;
  if (/^[a-z+]+:\/\/|^[^/]+@[^/]+:/.test(source)) return { ...base, detail: `${source} (cloned when it is built)` };
  if (await host.exists(join(source, 'Cargo.toml'))) return { ...base, detail: `${source} holds a Cargo.toml` };
  return { ...base, detail: `no Cargo.toml in ${source}; the bundled reference server is tested` };
}
