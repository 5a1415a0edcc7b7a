import { join } from 'node:path';
import { EnvironmentError, type LogExcerpt } from '../model/errors.ts';
import { type Engine, type EngineAttempt, engineError } from './engine-socket.ts';
import type { Host } from './host.ts';

export interface StartEngineOptions {
  readonly host: Host;
  /** Put before each command: empty for root, else sudo and its options. */
  readonly sudo: readonly string[];
  /** dockerd.log and dockerd.pid go there. */
  readonly logDir: string;
  readonly write: (line: string) => void;
  readonly isTerminal: boolean;
  /** Where the daemons keep their pid files. */
  readonly runDir?: string;
  /** How long an engine that was started as a service may take to answer. */
  readonly serviceDeadlineMs?: number;
  /** The same for dockerd itself. */
  readonly daemonDeadlineMs?: number;
  /** An engine's socket refuses this user: gives access (true), or it is an error. */
  readonly onDenied?: ((tried: readonly EngineAttempt[]) => Promise<boolean>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface StartedEngine {
  readonly engine: Engine;
  readonly by: 'service' | 'dockerd' | 'itself';
}

const pollMs = 250;

/** Asks until an engine answers, `stop` says that it never will, or the deadline passes. A refused user is told at once. */
async function waitForEngine(
  { host, onDenied, signal }: StartEngineOptions,
  deadlineMs: number,
  hasEnded: () => Promise<boolean> = async () => false,
): Promise<Engine | null> {
  const endMs = host.nowMs() + deadlineMs;
  for (;;) {
    signal?.throwIfAborted();
    // Looked at before the question: an engine that answers wins over one that ended.
    const ended = await hasEnded();
    const { engine, tried } = await host.findEngine();
    if (engine) return engine;
    const isDenied = tried.some((attempt) => attempt.reason === 'permission denied');
    if (isDenied && !(await onDenied?.(tried))) throw engineError(tried);
    if (ended || host.nowMs() >= endMs) return null;
    await host.sleep(pollMs, signal);
  }
}

/** The pid in a daemon's pid file where that daemon really runs; a file that names another process, or none, is removed. */
async function runningDaemon(options: StartEngineOptions, file: string, program: string): Promise<number | null> {
  const { host, sudo, write, signal } = options;
  const asRoot = async (...words: readonly string[]) => {
    const [command = '', ...args] = [...sudo, ...words];
    return host.run(command, args, { signal });
  };
  let content = await host.readText(file);
  // The folder may be root's alone.
  if (content === null && sudo.length > 0) content = (await asRoot('cat', file)).stdout;
  if (content === null || content === '') return null;
  const pid = Number.parseInt(content, 10);
  const commandLine = Number.isSafeInteger(pid) && pid > 0 ? await host.commandLineOf(pid) : null;
  const [argument = ''] = (commandLine ?? '').split(' ');
  if (argument.split('/').at(-1) === program && (await host.processStartTime(pid)) !== null) return pid;
  write(`removing the stale ${file} (${program} does not run)`);
  await asRoot('rm', '-f', file);
  return null;
}

// Into a file: a daemon that inherits a pipe would keep this program waiting for the pipe's end.
const serviceScript = 'log=$1; shift; exec "$@" >>"$log" 2>&1';

/** The service manager's way; null where there is none or it did not bring an engine. */
async function startService(options: StartEngineOptions): Promise<Engine | null> {
  const { host, sudo, logDir, write, isTerminal, signal, serviceDeadlineMs = 10_000 } = options;
  const isSystemd = await host.exists('/run/systemd/system');
  const program = await host.which(isSystemd ? 'systemctl' : 'service');
  if (program === null) return null;
  const service = isSystemd ? ['systemctl', 'start', 'docker'] : ['service', 'docker', 'start'];
  const log = join(logDir, 'service.log');
  await host.writeText(log, '');
  const [command = '', ...args] = [...sudo, 'sh', '-c', serviceScript, 'sh', log, ...service];
  write(`starting the engine: ${[...sudo, ...service].join(' ')}`);
  const result = await host.run(command, args, { timeoutMs: 90_000, inheritInput: isTerminal, signal });
  if (result.exitCode === 0) {
    const engine = await waitForEngine(options, serviceDeadlineMs);
    if (!engine) write(`  no engine answers ${serviceDeadlineMs / 1000} s after that`);
    return engine;
  }
  const said = (await excerptOf(host, log)).lines.at(-1) ?? result.stderr.trim();
  write(`  that failed: ${said || `exit code ${result.exitCode}`}`);
  return null;
}

async function excerptOf(host: Host, path: string): Promise<LogExcerpt> {
  const lines = ((await host.readText(path)) ?? '').split('\n').filter((line) => line.trim() !== '');
  return { path, lines: lines.slice(-12) };
}

// In a session of its own it outlives this program and its terminal. HUP is ignored until setsid has run, since sudo's
// own terminal closes as soon as the shell ends. iptables and containerd are where a user's PATH may not look.
const launchScript = 'PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; trap "" HUP; setsid "$1" >>"$2" 2>&1 </dev/null & echo $!';

/** dockerd itself, detached. */
async function startDaemon(options: StartEngineOptions): Promise<Engine> {
  const { host, sudo, logDir, write, isTerminal, signal, daemonDeadlineMs = 30_000 } = options;
  const dockerd = await host.which('dockerd');
  if (dockerd === null) throw new EnvironmentError('there is no dockerd to start', 'Install a container engine; on Debian and Ubuntu: nfstest-tui setup');
  const log = join(logDir, 'dockerd.log');
  const pidFile = join(logDir, 'dockerd.pid');
  await host.writeText(log, '');
  const [command = '', ...args] = [...sudo, 'sh', '-c', launchScript, 'sh', dockerd, log];
  write(`starting the engine: ${dockerd} (log: ${log})`);
  signal?.throwIfAborted();
  // Without the signal: the pid has to be known before anything can be ended.
  const launched = await host.run(command, args, { timeoutMs: 60_000, inheritInput: isTerminal });
  const pid = Number.parseInt(launched.stdout, 10);
  if (launched.exitCode !== 0 || !Number.isSafeInteger(pid)) {
    throw new EnvironmentError(`dockerd could not be started: ${launched.stderr.trim().split('\n')[0]}`, 'Start a container engine by hand, then try again.');
  }
  await host.writeText(pidFile, `${pid}\n`);
  let engine: Engine | null = null;
  try {
    engine = await waitForEngine(options, daemonDeadlineMs, async () => (await host.processStartTime(pid)) === null);
  } catch (error) {
    // A user who may not use the engine's socket still has a running engine.
    if (error instanceof EnvironmentError) throw error;
    await endDaemon(options, pid, pidFile);
    throw error;
  }
  if (engine) return engine;
  const hasEnded = (await host.processStartTime(pid)) === null;
  await endDaemon(options, pid, pidFile);
  throw new EnvironmentError(
    hasEnded ? 'dockerd ended before it answered' : `dockerd did not answer within ${daemonDeadlineMs / 1000} s`,
    "Read the log's last lines; where the kernel or a sandbox forbids it, give another engine with DOCKER_HOST.",
    { log: await excerptOf(host, log) },
  );
}

/** Ends a dockerd that was started here and brought nothing, so that the next try does not meet it. */
async function endDaemon({ host, sudo }: StartEngineOptions, pid: number, pidFile: string): Promise<void> {
  const startTime = await host.processStartTime(pid);
  // Without the signal: it may be aborted, and this has to run to its end.
  if (startTime !== null) {
    const [command = '', ...args] = [...sudo, 'sh', '-c', 'kill "$1"', 'sh', String(pid)];
    await host.run(command, args, { timeoutMs: 10_000 });
  }
  await host.writeText(pidFile, '');
}

/**
 * Brings up a Docker engine where none answers: one that is just coming up, the service, then dockerd itself.
 * Throws an EnvironmentError with the end of dockerd's log. Never ends or replaces a dockerd that it did not start.
 */
export async function startEngine(options: StartEngineOptions): Promise<StartedEngine> {
  const { runDir = '/var/run', serviceDeadlineMs = 10_000 } = options;
  const pidFile = join(runDir, 'docker.pid');
  const comingUp = async (): Promise<Engine | null> => {
    const pid = await runningDaemon(options, pidFile, 'dockerd');
    if (pid === null) return null;
    options.write(`dockerd runs already (pid ${pid}), waiting for it`);
    const engine = await waitForEngine(options, serviceDeadlineMs, async () => (await options.host.processStartTime(pid)) === null);
    if (engine || (await options.host.processStartTime(pid)) === null) return engine;
    throw new EnvironmentError(`dockerd runs (pid ${pid}) but does not answer`, 'Look at its log, or end it and run: nfstest-tui setup');
  };
  const early = await comingUp();
  if (early) return { engine: early, by: 'itself' };
  // dockerd starts its own containerd, and waits in vain for one that the file names and that is gone.
  await runningDaemon(options, join(runDir, 'docker/containerd/containerd.pid'), 'containerd');
  const byService = await startService(options);
  if (byService) return { engine: byService, by: 'service' };
  const late = await comingUp();
  if (late) return { engine: late, by: 'service' };
  return { engine: await startDaemon(options), by: 'dockerd' };
}
