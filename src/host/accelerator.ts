import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { promisify } from 'node:util';

/** QEMU's names. */
export const accelerators = ['kvm', 'hvf', 'tcg'] as const;
export type Accelerator = (typeof accelerators)[number];

/** What the machine offers, as far as can be seen without trying it. */
export interface AcceleratorFacts {
  /** `denied`: /dev/kvm exists, but this user may not open it. */
  readonly kvm: 'accessible' | 'denied' | 'absent';
  readonly hvf: boolean;
}

const execute = promisify(execFile);

export async function readAcceleratorFacts(platform: NodeJS.Platform = process.platform): Promise<AcceleratorFacts> {
  if (platform === 'darwin') {
    const answer = await execute('sysctl', ['-n', 'kern.hv_support']).catch(() => ({ stdout: '0' }));
    return { kvm: 'absent', hvf: answer.stdout.trim() === '1' };
  }
  if (platform !== 'linux') return { kvm: 'absent', hvf: false };
  const accessible = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => 'accessible' as const,
    (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? ('absent' as const) : ('denied' as const)),
  );
  return { kvm: accessible, hvf: false };
}

export interface AcceleratorCandidatesOptions {
  readonly facts: AcceleratorFacts;
  /** The host's, as `process.arch`. */
  readonly hostArch: string;
  /** The guest's, as `process.arch`; the host's where left out. */
  readonly guestArch?: string;
  readonly requested: Accelerator | 'auto';
}

/** Which accelerators to try, fastest first; pure. One that was asked for by name is the only one. */
export function acceleratorCandidates({ facts, hostArch, guestArch, requested }: AcceleratorCandidatesOptions): Accelerator[] {
  if (requested !== 'auto') return [requested];
  const native = guestArch === undefined || guestArch === hostArch;
  return [...(native && facts.kvm === 'accessible' ? (['kvm'] as const) : []), ...(native && facts.hvf ? (['hvf'] as const) : []), 'tcg'];
}

/** QEMU's options for an accelerator: a hardware one passes the host's CPU on, TCG gets all it can emulate. */
export function acceleratorArguments(accelerator: Accelerator, guestArch: string, platform: NodeJS.Platform): string[] {
  if (accelerator === 'tcg') return ['-accel', 'tcg,thread=multi', '-cpu', 'max'];
  // Intel Macs: hvf offers 1 GiB pages that it can't map.
  const cpu = platform === 'darwin' && guestArch === 'x64' ? 'host,-pdpe1gb' : 'host';
  return ['-accel', accelerator, '-cpu', cpu];
}
