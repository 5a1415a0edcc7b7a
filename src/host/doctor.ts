import type { Accelerator } from './accelerator.ts';
import * as checks from './doctor-checks.ts';
import type { Host } from './host.ts';
import { inspectHost } from './inspect.ts';
import { RealHost } from './real-host.ts';
import type { Report } from './report.ts';

export interface DiagnoseOptions {
  readonly host?: Host;
  /** Where the VM's images go; need not exist. */
  readonly vmDir: string;
  readonly nfsPort: number;
  readonly sshPort: number;
  readonly vmMemoryBytes: number;
  readonly accelerator: Accelerator | 'auto';
  /** Where verdicts on accelerators are remembered. */
  readonly verdictFile: string;
  /** Kernels to try an accelerator with, before those of /boot. */
  readonly kernels?: readonly string[];
  /** Where the VM image would be downloaded; null or left out where that is not to be tried. */
  readonly imageUrl?: string | null;
  /** Folder or git URL of a server's source (SERVER_SRC). */
  readonly serverSource?: string | null;
  readonly signal?: AbortSignal;
}

/** Looks at everything that the main job needs; changes nothing but the memory of accelerators. Rejects only when aborted. */
export async function diagnose(options: DiagnoseOptions): Promise<Report> {
  const { host = new RealHost(), signal } = options;
  const facts = await inspectHost(host);
  const results = await Promise.all([
    checks.checkSystem(host),
    checks.checkNode(host),
    checks.checkEngine(facts),
    checks.checkQemu(host, facts, signal),
    checks.checkAccelerator(host, facts, options),
    ...['firmware', 'qemu-img', 'iso'].map((id) => checks.checkTool(facts, id)),
    checks.checkImageTools(host, facts, options.imageUrl ?? null, signal),
    ...['git', 'ca-certificates', 'ssh'].map((id) => checks.checkTool(facts, id)),
    checks.checkPort(host, 'nfs-port', 'NFS port', options.nfsPort),
    checks.checkPort(host, 'ssh-port', 'SSH port', options.sshPort),
    checks.checkDisk(host, 'disk-vm', 'disk for the VM', options.vmDir),
    checks.checkEngineDisk(host, facts),
    checks.checkMemory(host, options.vmMemoryBytes),
    checks.checkServerSource(host, options.serverSource ?? null),
  ]);
  signal?.throwIfAborted();
  const found = results.filter((check) => check !== null);
  return { ok: found.every((check) => check.status !== 'missing'), checks: found, facts };
}
