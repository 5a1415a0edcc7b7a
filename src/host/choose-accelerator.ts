import { execa } from 'execa';
import { EnvironmentError, isAbort, messageOf } from '../model/errors.ts';
import { type Accelerator, type AcceleratorFacts, acceleratorCandidates, readAcceleratorFacts } from './accelerator.ts';
import { currentVerdictKey, readVerdict, rememberVerdict } from './accelerator-memory.ts';
import { findKernel, type ProbeResult, probeAccelerator } from './accelerator-probe.ts';

export interface ChooseAcceleratorOptions {
  readonly qemuBinary: string;
  readonly requested: Accelerator | 'auto';
  /** As `process.arch`; the host's where left out. */
  readonly guestArch?: string;
  /** Where verdicts are kept. */
  readonly verdictFile: string;
  /** Kernels to try with, before those of /boot. */
  readonly kernels?: readonly string[];
  readonly facts?: AcceleratorFacts;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

export interface AcceleratorChoice {
  readonly accelerator: Accelerator;
  /** `unknown`: nothing speaks against it, but no guest has shown life; the boot itself has to be watched. */
  readonly works: boolean | 'unknown';
  readonly reason: string;
  /** Those that were passed over, and why. */
  readonly rejected: readonly ProbeResult[];
  /** To correct the memory with `rememberVerdict` when the real boot shows something else. */
  readonly verdictKey: string;
}

/** First line of the binary's `--version`; an EnvironmentError where it can't run. */
export async function qemuVersion(qemuBinary: string, signal?: AbortSignal): Promise<string> {
  try {
    const { stdout } = await execa(qemuBinary, ['--version'], { timeout: 10_000, ...(signal ? { cancelSignal: signal } : {}) });
    return stdout.split('\n')[0]?.trim() ?? '';
  } catch (error) {
    signal?.throwIfAborted();
    if (isAbort(error)) throw error;
    throw new EnvironmentError(`${qemuBinary} does not run: ${messageOf(error).split('\n')[0]}`, 'Run: nfstest-tui setup', {
      cause: error,
    });
  }
}

/**
 * The fastest accelerator that works here: remembered, else tried with a small guest, else the next one down to TCG.
 * TCG is not tried, since it needs nothing of the machine. Throws an EnvironmentError where one that was asked for by name fails.
 */
export async function chooseAccelerator(options: ChooseAcceleratorOptions): Promise<AcceleratorChoice> {
  const { qemuBinary, requested, guestArch = process.arch, verdictFile, signal } = options;
  const version = await qemuVersion(qemuBinary, signal);
  const facts = options.facts ?? (await readAcceleratorFacts());
  const rejected: ProbeResult[] = [];
  if (requested === 'auto' && facts.kvm === 'denied') {
    rejected.push({ accelerator: 'kvm', works: false, reason: 'no permission to open /dev/kvm (the kvm group has it)' });
  }
  for (const accelerator of acceleratorCandidates({ facts, hostArch: process.arch, guestArch, requested })) {
    const key = await currentVerdictKey(accelerator, version);
    if (accelerator === 'tcg') return { accelerator, works: true, reason: 'emulation, works everywhere', rejected, verdictKey: key };
    const known = await readVerdict(verdictFile, key);
    const result: ProbeResult = known
      ? { accelerator, works: known.works, reason: `${known.reason} (remembered)` }
      : await probeAccelerator({
          qemuBinary,
          accelerator,
          guestArch,
          kernel: await findKernel(options.kernels),
          ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
          ...(signal ? { signal } : {}),
        });
    if (!known && result.works !== 'unknown' && !result.transient) {
      // A memory that can't be written only costs the next run a probe.
      await rememberVerdict(verdictFile, key, { works: result.works, reason: result.reason }).catch(() => {});
    }
    if (result.works !== false) return { accelerator, works: result.works, reason: result.reason, rejected, verdictKey: key };
    rejected.push(result);
  }
  const reason = rejected.at(-1)?.reason ?? 'nothing to try';
  throw new EnvironmentError(`accelerator '${requested}' does not work here: ${reason}`, 'Use --accel=auto, which falls back to emulation (tcg).');
}
