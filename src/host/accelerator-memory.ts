import { stat } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import { readOwnJson } from '../disk/read-json.ts';
import { writeFileAtomically } from '../disk/write-file.ts';
import type { Accelerator } from './accelerator.ts';

/** What a probe or a boot found out. Only certain ones are remembered. */
export interface Verdict {
  readonly works: boolean;
  readonly reason: string;
  /** ISO 8601. */
  readonly at: string;
}

export interface VerdictKeyParts {
  readonly accelerator: Accelerator;
  /** First line of `--version`. */
  readonly qemuVersion: string;
  /** The host's kernel. */
  readonly kernelRelease: string;
  readonly cpuModel: string;
  /** /dev/kvm's device number and modification time; empty where there is none. */
  readonly device: string;
}

/** What a verdict depends on; change one of these and it has to be found out again. */
export function verdictKey(parts: VerdictKeyParts): string {
  return [parts.accelerator, parts.qemuVersion, parts.kernelRelease, parts.cpuModel, parts.device].join('|');
}

/** The key of this machine now. */
export async function currentVerdictKey(accelerator: Accelerator, qemuVersion: string): Promise<string> {
  const device = accelerator === 'kvm' ? await stat('/dev/kvm').catch(() => null) : null;
  return verdictKey({
    accelerator,
    qemuVersion,
    kernelRelease: release(),
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    device: device ? `${device.rdev}@${Math.round(device.mtimeMs)}` : '',
  });
}

const keptVerdicts = 16;

/** The verdicts that a file holds; null where it is none. A verdict that is not sound is left out. */
export function verdictsOf(value: unknown): Record<string, Verdict> | null {
  if (typeof value !== 'object' || value === null || !('verdicts' in value) || typeof value.verdicts !== 'object' || value.verdicts === null) return null;
  const entries = Object.entries(value.verdicts as Record<string, Verdict | null>);
  return Object.fromEntries(
    entries.flatMap(([key, verdict]) => (typeof verdict?.works === 'boolean' && typeof verdict.reason === 'string' ? [[key, verdict]] : [])),
  );
}

// Missing or damaged: it is found out again.
const readAll = async (file: string): Promise<Record<string, Verdict>> => (await readOwnJson(file, verdictsOf)) ?? {};

export async function readVerdict(file: string, key: string): Promise<Verdict | null> {
  const verdicts = await readAll(file);
  return Object.hasOwn(verdicts, key) ? (verdicts[key] ?? null) : null;
}

/** Keeps a verdict; atomic, so that a reader never sees half a file. The oldest are dropped. */
export async function rememberVerdict(file: string, key: string, verdict: Omit<Verdict, 'at'>): Promise<void> {
  const { [key]: _replaced, ...others } = await readAll(file);
  const kept = Object.entries(others).slice(-(keptVerdicts - 1));
  const verdicts = { ...Object.fromEntries(kept), [key]: { works: verdict.works, reason: verdict.reason, at: new Date().toISOString() } };
  await writeFileAtomically(file, `${JSON.stringify({ verdicts }, null, 2)}\n`);
}
