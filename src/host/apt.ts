import { EnvironmentError } from '../model/errors.ts';
import type { Host } from './host.ts';
import { SetupLog } from './setup-log.ts';
import { aptCommand, aptInstall } from './setup-plan.ts';

export interface InstallOptions {
  readonly host: Host;
  readonly packages: readonly string[];
  /** Put before each command: empty for root, else sudo and its options. */
  readonly sudo: readonly string[];
  readonly logFile: string;
  /** apt's output, line by line. */
  readonly progress: (line: string) => void;
  /** sudo may ask for a password. */
  readonly isTerminal: boolean;
  readonly signal?: AbortSignal | undefined;
}

const dayMs = 24 * 3_600_000;

/** Failures that newer package lists can mend. */
const staleLists = /unable to locate package|has no installation candidate|failed to fetch|404 +not found/i;

/** Packages that the configured archives do not have, in apt's words. */
function unknownPackages(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /Unable to locate package (\S+)|Package '?([^\s']+)'? has no installation candidate/.exec(line)?.slice(1).find(Boolean) ?? []);
}

/**
 * Installs packages with apt-get; updates its lists first where they are older than a day or can't be right.
 * Packages that the archives don't have are left out, so that one of them does not keep the others away: look again
 * afterwards what is there. Throws an EnvironmentError with the end of apt's log.
 */
export async function aptInstallPackages(options: InstallOptions): Promise<void> {
  const { host, packages, sudo, logFile, progress, isTerminal, signal } = options;
  const log = new SetupLog(host, logFile);
  const apt = async (command: readonly string[]) => {
    const [file = '', ...args] = [...sudo, ...command];
    log.add(`$ ${[file, ...args].join(' ')}`);
    const from = log.lines.length;
    const onLine = (line: string) => {
      log.add(line);
      progress(line);
    };
    const { exitCode, stderr } = await host.run(file, args, { onLine, inheritInput: isTerminal, signal });
    if (exitCode === null) log.add(stderr);
    log.add(`(exit code ${exitCode ?? 'none'})`);
    return { isOk: exitCode === 0, exitCode, lines: log.lines.slice(from) };
  };

  const ageMs = await host.aptListsAgeMs();
  let isFresh = false;
  const update = async () => {
    // A failed update is not the end: the packages may be known from before.
    isFresh = true;
    await apt(aptCommand('update'));
  };
  if (ageMs === null || ageMs > dayMs) await update();
  let result = await apt(aptInstall(packages));
  if (!result.isOk && !isFresh && result.lines.some((line) => staleLists.test(line))) {
    await update();
    result = await apt(aptInstall(packages));
  }
  const unknown = new Set(result.isOk ? [] : unknownPackages(result.lines));
  const known = packages.filter((name) => !unknown.has(name));
  if (unknown.size > 0 && known.length > 0) result = await apt(aptInstall(known));
  const excerpt = await log.excerpt();
  if (result.isOk && (unknown.size === 0 || known.length > 0)) return;
  throw new EnvironmentError(
    `apt-get could not install ${packages.join(', ')} (exit code ${result.exitCode ?? 'none'})`,
    'Mend what apt-get complains about (network, package sources, disk), then run: nfstest-tui setup',
    { log: excerpt },
  );
}
