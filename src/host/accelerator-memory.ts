import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import { dirname } from 'node:path';
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

async function readAll(file: string): Promise<Record<string, Verdict>> {
  try {
    const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
    const entries = Object.entries((parsed as { verdicts?: Record<string, Verdict> }).verdicts ?? {});
    return Object.fromEntries(entries.filter(([, verdict]) => typeof verdict?.works === 'boolean' && typeof verdict.reason === 'string'));
  } catch {
    // Missing or damaged: it is found out again.
    return {};
  }
}

export async function readVerdict(file: string, key: string): Promise<Verdict | null> {
  const verdicts = await readAll(file);
  return Object.hasOwn(verdicts, key) ? (verdicts[key] ?? null) : null;
}

/** Keeps a verdict; atomic, so that a reader never sees half a file. The oldest are dropped. */
export async function rememberVerdict(file: string, key: string, verdict: Omit<Verdict, 'at'>): Promise<void> {
  const { [key]: _replaced, ...others } = await readAll(file);
  const kept = Object.entries(others).slice(-(keptVerdicts - 1));
  const verdicts = { ...Object.fromEntries(kept), [key]: { works: verdict.works, reason: verdict.reason, at: new Date().toISOString() } };
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.${randomUUID()}`;
  try {
    await writeFile(temporary, `${JSON.stringify({ verdicts }, null, 2)}\n`);
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}
