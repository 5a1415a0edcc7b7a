import type { EngineAttempt } from './engine-socket.ts';
import type { HostFacts } from './inspect.ts';
import { missingTools, packagesFor } from './inspect.ts';
import type { Tool } from './tools.ts';

/** What `setup` would do; nothing of it is done yet. */
export interface SetupPlan {
  readonly packageManager: HostFacts['packageManager'];
  readonly missing: readonly Tool[];
  readonly packages: readonly string[];
  /** The exact lines, without sudo. */
  readonly commands: readonly string[];
  /** No engine answers, and one on this machine may be started. */
  readonly startEngine: boolean;
  /** The socket of an engine that refuses this user, who may be let in; null otherwise. */
  readonly deniedSocket: string | null;
  /** Without this the main job can't run, or only where a VM image can be downloaded. */
  readonly isNeeded: boolean;
}

/** apt-get with what keeps it from asking; waits for another one's lock (seconds). */
export function aptCommand(...args: readonly string[]): string[] {
  const quiet = ['DEBIAN_FRONTEND=noninteractive', 'NEEDRESTART_MODE=l'];
  return ['env', ...quiet, 'apt-get', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3', ...args];
}

export const aptInstall = (packages: readonly string[]) =>
  aptCommand('-o', 'Dpkg::Options::=--force-confold', 'install', '-y', '--no-install-recommends', ...packages);

function commandsFor(packageManager: HostFacts['packageManager'], packages: readonly string[]): string[] {
  if (packages.length === 0) return [];
  if (packageManager === 'apt-get') return [aptInstall(packages).join(' ')];
  return packageManager === 'brew' ? [`brew install ${packages.join(' ')}`] : [];
}

/** The socket of the system's Docker where it refuses this user; no other is opened to anybody. */
export function deniedSocketOf(tried: readonly EngineAttempt[]): string | null {
  const denied = tried.find((attempt) => attempt.reason === 'permission denied' && attempt.origin === 'Docker' && !attempt.explicit);
  return denied ? denied.host.replace('unix://', '') : null;
}

/** Pure; for the main job's own use as well, which asks `isNeeded` before it touches anything. */
export function planSetup(facts: HostFacts): SetupPlan {
  // What has no package here is named by `doctor` and not set up.
  const missing = missingTools(facts).filter(({ debian, brew }) => debian.length + brew.length > 0);
  const packages = packagesFor(missing, facts.packageManager);
  const { engine, tried } = facts.engine;
  // An address that the user gave, or a socket that refuses this user, is not mended by another engine.
  const startEngine = engine === null && !tried.some((attempt) => attempt.explicit || attempt.reason === 'permission denied');
  const imageTools = ['mmdebstrap', 'mke2fs'];
  return {
    packageManager: facts.packageManager,
    missing,
    packages,
    commands: commandsFor(facts.packageManager, packages),
    startEngine,
    deniedSocket: facts.isRoot || engine !== null ? null : deniedSocketOf(tried),
    isNeeded: engine === null || missing.some((tool) => tool.need === 'required' || imageTools.includes(tool.id)),
  };
}
