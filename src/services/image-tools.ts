import { rename } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { ExecaError, execa, type Options } from 'execa';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import type { Cancellable, OnBytes } from './types.ts';

/** mke2fs and friends live in sbin, which is not on everybody's PATH. */
export const environment = { ...process.env, PATH: [process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter) };

/** The last lines of a tool's output that hold something. */
export function lastLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-10);
}

/** What a tool said first. */
export const firstLine = (error: unknown) =>
  (error instanceof ExecaError ? String(error.stderr || error.shortMessage) : messageOf(error)).trim().split('\n')[0];

/** What a person has to know of a tool that failed. */
export function toolFailed(tool: string, error: unknown, lines: readonly string[]): EnvironmentError {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
    return new EnvironmentError(`${tool} is not installed`, 'run `nfstest-tui setup`', { cause: error });
  }
  const full = lines.some((line) => line.includes('No space left on device'));
  const what = full ? 'the disk is full' : (lines.at(-1) ?? firstLine(error) ?? 'it failed');
  return new EnvironmentError(`${tool} failed: ${what}`, full ? 'free some space and try again' : 'the build log has the lines before it', { cause: error });
}

/** Runs a tool to its end; throws with its last words. */
export async function run(
  tool: string,
  args: readonly string[],
  { signal, onOutput = () => {}, graceMs = 5_000 }: Cancellable & { onOutput?: OnBytes; graceMs?: number },
): Promise<void> {
  const options = { cancelSignal: signal, all: true, env: environment, forceKillAfterDelay: graceMs, maxBuffer: 100_000_000 } satisfies Options;
  const child = execa(tool, args, options);
  child.all.on('data', onOutput);
  try {
    await child;
  } catch (error) {
    signal.throwIfAborted();
    throw toolFailed(tool, error, lastLines(String((error as { all?: string }).all ?? '')));
  }
}

/** Makes an ISO image of a folder with the first tool that is installed. */
export async function makeIso(folder: string, target: string, signal: AbortSignal): Promise<void> {
  const mkisofsArgs = ['-quiet', '-output', target, '-volid', 'cidata', '-joliet', '-rock', folder];
  const tools: readonly (readonly [tool: string, args: readonly string[]])[] = [
    ['genisoimage', mkisofsArgs],
    ['mkisofs', mkisofsArgs],
    ['xorriso', ['-as', 'mkisofs', ...mkisofsArgs]],
    // hdiutil adds .iso to a name that ends otherwise.
    ['hdiutil', ['makehybrid', '-quiet', '-o', `${target}.iso`, '-joliet', '-iso', '-default-volume-name', 'cidata', folder]],
  ];
  for (const [tool, args] of tools) {
    try {
      await execa(tool, args, { cancelSignal: signal, all: true });
      if (tool === 'hdiutil') await rename(`${target}.iso`, target);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw toolFailed(tool, error, lastLines(String((error as { all?: string }).all ?? '')));
    }
  }
  throw new EnvironmentError('no tool to make an ISO image is installed', 'run `nfstest-tui setup` (genisoimage or xorriso)');
}
