import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { messageOf } from '../model/errors.ts';
import { type Accelerator, acceleratorArguments } from './accelerator.ts';

export interface ProbeResult {
  readonly accelerator: Accelerator;
  /** `unknown`: QEMU starts with it, but there was no kernel to show life with. */
  readonly works: boolean | 'unknown';
  /** One line. */
  readonly reason: string;
  /** The failure says nothing about the next try (no permission, no memory, no such binary): not to be remembered. */
  readonly transient?: boolean;
}

export interface ProbeOptions {
  readonly qemuBinary: string;
  readonly accelerator: Accelerator;
  /** A Linux kernel for the guest's architecture; null where there is none. */
  readonly kernel: string | null;
  /** The guest's, as `process.arch`. */
  readonly guestArch?: string;
  /** The real VM's `-machine`, `-accel` and `-cpu`, so that what is tried is what will run; a default per accelerator where left out. */
  readonly machineArguments?: readonly string[];
  /** How long the guest may take to say something. */
  readonly deadlineMs?: number;
  /** Without a kernel: how long QEMU must survive. */
  readonly survivalMs?: number;
  readonly signal?: AbortSignal;
}

/** The line of QEMU's complaints that says most, without the program's name: the first error, else the last line. */
export function complaintOf(text: string): string | null {
  const lines = text.split('\n').map((line) => line.trim().replace(/^\S*qemu-system-\S+: /, ''));
  const telling = lines.filter((line) => line !== '' && !line.startsWith('warning:'));
  const error = telling.find((line) => line.startsWith('error:'));
  return (error?.replace(/^error: /, '') ?? telling.at(-1))?.slice(0, 200) ?? null;
}

const transientComplaint = /could not access kvm|permission denied|cannot allocate memory|resource busy|cannot set up guest memory/i;

/**
 * Boots just a kernel (no disk, no network) and waits for its first words: /dev/kvm can be there and abort QEMU or hang
 * the guest, so an accelerator counts as working only when a guest has shown life. No earlyprintk on purpose: the kernel
 * prints nothing before its console driver runs, so its first words prove a good part of the boot.
 * Throws the signal's reason when aborted; never leaves a process.
 */
export async function probeAccelerator(options: ProbeOptions): Promise<ProbeResult> {
  const { qemuBinary, accelerator, kernel, guestArch = process.arch, deadlineMs = 8000, survivalMs = 1500, signal } = options;
  signal?.throwIfAborted();
  const isArm = guestArch === 'arm64';
  const machine = options.machineArguments ?? [...(isArm ? ['-machine', 'virt'] : []), ...acceleratorArguments(accelerator, guestArch, process.platform)];
  const boot = kernel === null ? [] : ['-kernel', kernel, '-append', `console=${isArm ? 'ttyAMA0' : 'ttyS0'} panic=-1`];
  const qemu = execa(
    qemuBinary,
    [...machine, ...boot, '-m', '256M', '-smp', '1', '-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
    { stdin: 'ignore', reject: false, buffer: false, killSignal: 'SIGKILL' },
  );
  let output = '';
  let errors = '';
  const waitMs = kernel === null ? survivalMs : deadlineMs;
  try {
    const outcome = await new Promise<'alive' | 'ended' | 'deadline' | 'aborted'>((resolve) => {
      qemu.stdout.on('data', (chunk: Buffer) => {
        // A chunk may end within the words; a guest gone mad may never stop talking.
        output = (output + chunk.toString('latin1')).slice(-8192);
        if (output.includes('Linux version')) resolve('alive');
      });
      qemu.stderr.on('data', (chunk: Buffer) => {
        errors = (errors + chunk.toString('utf8')).slice(-8192);
      });
      const timer = setTimeout(() => resolve('deadline'), waitMs);
      const abort = () => resolve('aborted');
      signal?.addEventListener('abort', abort, { once: true });
      void qemu.then(() => resolve('ended'));
      void qemu.finally(() => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      });
    });
    if (outcome === 'aborted') throw signal?.reason;
    if (outcome === 'alive') return { accelerator, works: true, reason: 'a guest booted' };
    if (outcome === 'ended') {
      const { exitCode, signal: endedBy, originalMessage } = await qemu;
      if (exitCode === undefined && endedBy === undefined) {
        return { accelerator, works: false, reason: `QEMU did not start: ${originalMessage ?? 'unknown error'}`, transient: true };
      }
      const said = complaintOf(errors);
      return {
        accelerator,
        works: false,
        reason: `QEMU ended (${endedBy ?? `exit code ${exitCode}`}) before a guest showed life${said === null ? '' : `: ${said}`}`,
        transient: transientComplaint.test(errors),
      };
    }
    return kernel === null
      ? { accelerator, works: 'unknown', reason: 'QEMU starts, but there is no kernel to boot a guest with' }
      : { accelerator, works: false, reason: `the guest showed no sign of life within ${deadlineMs / 1000} s` };
  } catch (error) {
    if (signal?.aborted) throw error;
    return { accelerator, works: false, reason: messageOf(error), transient: true };
  } finally {
    qemu.kill('SIGKILL');
    await qemu;
  }
}

/** The first readable kernel: those given, else the newest in the boot folder; null where there is none. */
export async function findKernel(candidates: readonly string[] = [], bootDir = '/boot'): Promise<string | null> {
  const names = await readdir(bootDir).catch(() => []);
  const installed = names.filter((name) => name.startsWith('vmlinuz-')).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  for (const path of [...candidates, ...installed.map((name) => join(bootDir, name))]) {
    if (
      await access(path, constants.R_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return null;
}
