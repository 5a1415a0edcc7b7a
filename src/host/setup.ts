import { join } from 'node:path';
import { EnvironmentError } from '../model/errors.ts';
import { aptInstallPackages } from './apt.ts';
import { EngineAccess } from './engine-access.ts';
import { type EngineAttempt, engineError } from './engine-socket.ts';
import type { Host } from './host.ts';
import { type HostFacts, inspectHost } from './inspect.ts';
import { RealHost } from './real-host.ts';
import { planSetup, type SetupPlan } from './setup-plan.ts';
import { startEngine } from './start-engine.ts';

export { planSetup, type SetupPlan } from './setup-plan.ts';

export interface SetupOptions {
  readonly host?: Host;
  /** With what the program's own tests need. */
  readonly forTests?: boolean;
  /** Don't ask. */
  readonly yes: boolean;
  /** A person can answer. */
  readonly isTerminal: boolean;
  readonly ask: (question: string) => Promise<boolean>;
  /** One line of what happens. */
  readonly write: (line: string) => void;
  /** The last line of a long step, for a status line; `write` says one now and then where it is left out. */
  readonly progress?: (line: string) => void;
  /** apt.log, dockerd.log and dockerd.pid go there. */
  readonly logDir: string;
  /** The daemons' pid files; for tests. */
  readonly runDir?: string;
  readonly signal?: AbortSignal;
}

export interface SetupResult {
  /** Packages that were installed; empty where there was nothing to do. */
  readonly installed: readonly string[];
  readonly engineStarted: 'service' | 'dockerd' | 'itself' | null;
}

/** One of a flood of lines every few seconds, cut to a line's length. */
function occasionally(write: (line: string) => void, host: Host, everyMs = 3000): (line: string) => void {
  let nextMs = 0;
  return (line) => {
    if (host.nowMs() < nextMs || line.trim() === '') return;
    nextMs = host.nowMs() + everyMs;
    write(`  ${line.trim().slice(0, 110)}`);
  };
}

/** What becomes root here: nothing for root, else sudo, which may only ask where somebody can answer. */
async function elevation(host: Host, isTerminal: boolean): Promise<readonly string[] | null> {
  if (host.isRoot) return [];
  if ((await host.which('sudo')) === null) return null;
  if (isTerminal) return ['sudo'];
  const answer = await host.run('sudo', ['-n', 'true'], { timeoutMs: 10_000 });
  return answer.exitCode === 0 ? ['sudo', '-n'] : null;
}

function list(plan: SetupPlan, write: (line: string) => void): void {
  for (const tool of plan.missing) write(`missing: ${tool.title}, ${tool.purpose}${tool.need === 'optional' ? ' (optional)' : ''}`);
  if (plan.startEngine) write('missing: an engine that answers');
  if (plan.deniedSocket !== null) write(`missing: access to the engine's socket, ${plan.deniedSocket}`);
}

/** Where this program installs nothing itself: says what a person has to do. */
function leaveToPerson(plan: SetupPlan, write: (line: string) => void): EnvironmentError {
  const isMac = plan.packageManager === 'brew';
  const steps = [
    ...plan.commands,
    ...(isMac && plan.startEngine ? ['colima start    (or start Docker Desktop, OrbStack or a Podman machine)'] : []),
    ...(isMac || plan.missing.length === 0 ? [] : [`install, as Debian names them: ${plan.packages.join(' ')}`]),
    ...(!isMac && plan.startEngine ? ['start the container engine'] : []),
  ];
  write('do this:');
  for (const step of steps) write(`  ${step}`);
  const names = [...plan.missing.map((tool) => tool.title), ...(plan.startEngine ? ['a running container engine'] : [])];
  return new EnvironmentError(`missing: ${[...new Set(names)].join(', ')}`, `Do this: ${steps.join('; then: ')}`);
}

async function install(plan: SetupPlan, sudo: readonly string[], options: SetupOptions, host: Host): Promise<HostFacts> {
  const { write, logDir, isTerminal, signal } = options;
  let failure: unknown = null;
  try {
    const progress = options.progress ?? occasionally(write, host);
    await aptInstallPackages({ host, packages: plan.packages, sudo, logFile: join(logDir, 'apt.log'), progress, isTerminal, signal });
  } catch (error) {
    signal?.throwIfAborted();
    failure = error;
  }
  const facts = await inspectHost(host, options.forTests);
  const absent = facts.tools.filter(({ tool, path }) => path === null && plan.missing.some(({ id }) => id === tool.id));
  const required = absent.filter(({ tool }) => tool.need === 'required').map(({ tool }) => tool.title);
  if (required.length > 0 || (failure !== null && absent.length > 0)) {
    throw failure ?? new EnvironmentError(`still missing after the installation: ${required.join(', ')}`, `Read ${join(logDir, 'apt.log')}`);
  }
  // A package's own script fails where it can't start its service (a container, no systemd); the program is there.
  if (failure !== null) write(`apt-get reported an error, but everything that is needed is there now (log: ${join(logDir, 'apt.log')})`);
  for (const { tool } of absent) write(`not available from this system's packages: ${tool.title} (optional)`);
  return facts;
}

/**
 * Installs what the main job lacks and starts an engine where none answers; what works is left alone, so a second run does nothing.
 * Throws an EnvironmentError where something that is needed is still missing.
 */
export async function runSetup(options: SetupOptions): Promise<SetupResult> {
  const { host = new RealHost(), yes, isTerminal, ask, write, signal } = options;
  let facts = await inspectHost(host, options.forTests);
  const plan = planSetup(facts);
  if (plan.missing.length === 0 && facts.engine.engine) {
    write(`nothing to do: everything is installed, and ${facts.engine.engine.name} ${facts.engine.engine.version} answers`);
    return { installed: [], engineStarted: null };
  }
  if (!plan.isNeeded) {
    write(`nothing has to be done; not installed, and not needed: ${plan.missing.map(({ title }) => title).join(', ')}`);
    return { installed: [], engineStarted: null };
  }
  const hasWork = plan.missing.length > 0 || plan.startEngine || plan.deniedSocket !== null;
  if (!hasWork) throw engineError(facts.engine.tried);
  list(plan, write);
  if (plan.packageManager === 'brew' || (plan.packageManager === null && plan.missing.length > 0)) {
    const error = leaveToPerson(plan, write);
    if (plan.startEngine || plan.missing.some((tool) => tool.need === 'required')) throw error;
    return { installed: [], engineStarted: null };
  }

  const sudo = await elevation(host, isTerminal);
  if (sudo === null) {
    if (plan.commands.length === 0 && !plan.startEngine) throw engineError(facts.engine.tried);
    const command = plan.commands[0] ?? 'service docker start';
    write(`run this as root: ${command}`);
    throw new EnvironmentError('installing needs root, and sudo is not available', `As root: ${command}`);
  }
  for (const command of plan.commands) write(`will run: ${[...sudo, command].join(' ')}`);
  if (plan.startEngine) write('will start the container engine');
  if (!host.isRoot && (plan.startEngine || plan.deniedSocket !== null)) {
    write(`will let ${host.userName} use the engine (group docker) where its socket refuses that`);
  }
  // Root has said what it wants by being root; with sudo somebody has to say it.
  if (!isTerminal && !yes && !host.isRoot) {
    throw new EnvironmentError('nothing was installed: nobody could be asked', 'Run: nfstest-tui setup --yes (or make nfstest YES=1)');
  }
  if (isTerminal && !yes && !(await ask('Go ahead?'))) {
    throw new EnvironmentError('nothing was installed', 'Install it yourself, or answer y the next time (or: nfstest-tui setup --yes).');
  }
  if (plan.packages.length > 0) facts = await install(plan, sudo, options, host);

  const access = new EngineAccess(host, sudo, write);
  const { tried } = facts.engine;
  if (facts.engine.engine === null && (await access.grant(tried))) facts = await inspectHost(host, options.forTests);
  // A package may have started its service by itself.
  if (facts.engine.engine === null && !planSetup(facts).startEngine) throw engineError(facts.engine.tried);
  let engineStarted: SetupResult['engineStarted'] = null;
  if (facts.engine.engine === null) {
    const { logDir, runDir } = options;
    const onDenied = async (attempts: readonly EngineAttempt[]) => access.grant(attempts);
    const started = await startEngine({
      host,
      sudo,
      logDir,
      write,
      isTerminal,
      signal,
      onDenied,
      ...(runDir === undefined ? {} : { runDir }),
    });
    engineStarted = started.by;
    write(`${started.engine.name} ${started.engine.version} answers at ${started.engine.host}`);
  }
  write('ready');
  return { installed: plan.packages, engineStarted };
}
