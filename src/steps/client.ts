import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import tar from 'tar-fs';
import type { Options } from '../config/options.ts';
import { asset } from '../config/paths.ts';
import { clientUser } from '../config/vm-files.ts';
import { EnvironmentError } from '../model/errors.ts';
import type { EventBody } from '../model/events.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { shellQuote } from '../model/shell-quote.ts';
import type { OnBytes, RemoteExit, RemoteService, RemoteSession, VmHandle } from '../services/types.ts';
import { MarkFilter } from '../stream/mark-filter.ts';
import { LineSplitter } from '../stream/split-lines.ts';
import { allMountOptions, suiteArguments } from '../suite/command-line.ts';
import { SuiteParser } from '../suite/parser.ts';
import { inPhase, progressOf, type StepContext } from './context.ts';
import type { ServerEndpoint } from './server-endpoint.ts';
import { isLeftOut, type Suite, scriptPath } from './suite-source.ts';
import { within } from './wait.ts';

/** How long the runner waits for the server; it answered the host already. */
const serverWaitSeconds = 30;

/** The runner's own exit codes; see nfstest/runner/runner.py. */
const runnerExit = { serverUnreachable: 72, suiteMissing: 73 } as const;

const home = `/home/${clientUser}/nfstest-tui`;

/** The virtio port that the suite writes to; see followOutput. */
const outputPort = '/dev/virtio-ports/nfstest.suite';
/** How long what was on its way may take when the runner has ended, and when it was killed. */
const [outputDeadlineMs, killedDeadlineMs] = [5_000, 1_000];

/** Files of nfstest/runner that run in the guest. */
const guestPrograms = ['runner.py', 'server_probe.py', 'agent.py'] as const;

/** Where things are in the guest. */
export const clientPaths = {
  suite: `${home}/suite`,
  runner: `${home}/runner.py`,
  agent: `${home}/agent.py`,
  mountPoint: `${home}/mnt`,
  local: `${home}/local`,
} as const;

/** Logs in, and asks for the kernel where `knownKernel` is null: a command takes an emulated processor as long as the login. */
export function connectClient(
  remote: RemoteService,
  vm: VmHandle,
  privateKey: string,
  context: StepContext,
  knownKernel: string | null = null,
): Promise<RemoteSession> {
  return inPhase(context, 'connect', async (timed) => {
    const { sshPort, hostKey } = vm.record;
    const target = { host: '127.0.0.1', port: sshPort, user: clientUser, privateKey, hostKey: hostKey ?? null };
    const session = await remote.connect(target, { signal: timed.signal, deadlineMs: context.deadlines.connectMs });
    const kernel = knownKernel ?? (await output(session, 'uname -r', timed)).trim();
    context.report({ type: 'client.connected', kernel });
    return session;
  });
}

/** Puts suite and runner into the guest, as one archive: a thousand small files would take their time over SFTP. */
export function uploadSuite(session: RemoteSession, suite: Suite, context: StepContext, deadlineMs = context.deadlines.connectMs): Promise<void> {
  return inPhase(context, 'upload', (timed) => upload(session, suite, timed, deadlineMs));
}

async function upload(session: RemoteSession, suite: Suite, context: StepContext, deadlineMs: number): Promise<void> {
  const timed: StepContext = { ...context, signal: AbortSignal.any([context.signal, AbortSignal.timeout(deadlineMs)]) };
  try {
    const unpacked = await session.exec(`sudo umount -l -f ${clientPaths.mountPoint} 2>/dev/null; rm -rf ${home} && mkdir -p ${clientPaths.suite}`, timed);
    if (unpacked.exitCode !== 0) throw new EnvironmentError('the client VM has no room for the suite', 'start a new VM: `nfstest-tui stop-env`');
    const archive = tar.pack(suite.dir, { ignore: isLeftOut, map: (header) => ({ ...header, uid: 0, gid: 0 }) });
    await session.writeFile(`${home}/suite.tar`, archive as unknown as NodeJS.ReadableStream, timed);
    for (const name of guestPrograms) await session.writeFile(`${home}/${name}`, await readFile(asset('runner', name), 'utf8'), timed);
    let problem = '';
    const onStderr = (chunk: Uint8Array | string) => {
      problem += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    };
    const { exitCode } = await session.exec(`tar -xf ${home}/suite.tar -C ${clientPaths.suite} && rm ${home}/suite.tar`, { ...timed, onStderr });
    if (exitCode !== 0)
      throw new EnvironmentError(`the suite could not be unpacked in the client VM: ${problem.trim()}`, 'start a new VM: `nfstest-tui stop-env`');
  } catch (error) {
    if (context.signal.aborted || !timed.signal.aborted) throw error;
    throw new EnvironmentError(`the suite could not be uploaded to the client VM within ${deadlineMs / 1000} s`, 'vm.log may say why it hangs', {
      exitCode: ExitCode.clientLost,
    });
  }
}

export interface RunSuiteInput {
  readonly session: RemoteSession;
  readonly vm: Pick<VmHandle, 'followOutput'>;
  readonly suite: Suite;
  readonly server: ServerEndpoint;
  readonly options: Options;
  readonly testcases: readonly string[];
  /** Run on the client's own disk: nothing is mounted, and the server is not asked. */
  readonly local?: boolean;
  /** The client is emulated: the bundled suite, which runs one process after the other, is kept on one of its processors. */
  readonly emulated?: boolean;
}

/** The command line that runs the suite in the guest, and whose output a person may read: all of it on standard output. */
export function suiteCommand(input: Omit<RunSuiteInput, 'session' | 'vm'>): string {
  return commandWith(input, []);
}

function commandWith(
  { suite, server, options, testcases, local = false, emulated = false }: Omit<RunSuiteInput, 'session' | 'vm'>,
  output: readonly string[],
): string {
  const args = suiteArguments({
    server: server.host,
    port: server.nfsPort,
    mountPort: server.mountPort,
    export: server.export,
    nfsVersion: options.nfsVersion,
    testcases,
    mountPoint: local ? clientPaths.local : clientPaths.mountPoint,
    ...(local ? { extra: ['--nomount'] } : {}),
    suiteKind: suite.identity.kind,
  });
  const mountPort = options.nfsVersion === '3' ? ['--mount-port', String(server.mountPort)] : [];
  const wait = local ? [] : ['--host', server.host, '--port', String(server.nfsPort), ...mountPort, '--wait', String(serverWaitSeconds)];
  const command = [
    // -S: packages of the system are looked for at every start, and the runner needs none. The bundled suite does not either.
    ...['exec', 'python3', '-S', '-u', clientPaths.runner, '--suite-root', clientPaths.suite, '--script', scriptPath(options.suiteScript)],
    ...(suite.identity.kind === 'bundled' ? ['--no-site', ...(emulated ? ['--one-processor'] : [])] : []),
    ...wait,
    ...output,
    ...['--', ...args],
  ]
    .map(shellQuote)
    .join(' ');
  // With --nomount the suite wants a folder that exists.
  return local ? `mkdir -p ${clientPaths.local} && ${command}` : command;
}

/** Runs the suite and reports its testcases while it does. */
export function runSuite(input: RunSuiteInput, context: StepContext): Promise<void> {
  return inPhase(context, 'suite', async () => {
    const command = suiteCommand(input);
    const parser = new SuiteParser({ testcases: input.testcases });
    const report = (bodies: readonly EventBody[]) => {
      for (const body of bodies) context.report(body);
    };
    const startMs = performance.now();
    const durationMs = () => Math.round(performance.now() - startMs);
    const mount = { port: input.server.nfsPort, mountPort: input.server.mountPort, nfsVersion: input.options.nfsVersion };
    context.report({ type: 'suite.started', command, ...(input.local ? {} : { mountOptions: allMountOptions(mount) }) });
    progressOf(context, 'suite')('waiting for the first testcase');
    const splitter = new LineSplitter();
    const parse = (lines: readonly string[]) => {
      for (const line of lines) report(parser.push(line));
    };
    const onBytes = (chunk: Uint8Array | string) => {
      context.log('suite', chunk);
      parse(splitter.push(chunk));
    };
    const finish = (exitCode: number | null, reason?: string) => {
      parse(splitter.end());
      report(parser.end({ exitCode, durationMs: durationMs(), ...(reason === undefined ? {} : { reason }) }));
    };
    let exitCode: number | null;
    try {
      exitCode = exitCodeOf(await execSuite(input, context, onBytes));
    } catch (error) {
      finish(null, 'the run ended first');
      throw error;
    }
    finish(exitCode);
    if (exitCode === runnerExit.serverUnreachable) {
      const { host, nfsPort } = input.server;
      throw new EnvironmentError(`the client VM can’t reach the server at ${host}:${nfsPort}`, 'suite.log says how it tried, server.log what the server did', {
        exitCode: ExitCode.serverLost,
      });
    }
    if (exitCode === runnerExit.suiteMissing) throw new EnvironmentError('the suite can’t be started in the client VM', 'suite.log says why');
  });
}

/**
 * Runs the suite with its output on the guest's port, where it has one: over SSH it takes an emulated guest some 3 % of its time.
 * The bundled suite alone, whose lines are short: the port takes 32 KiB of a write, and Python does not write the rest where it does not buffer.
 */
async function execSuite(input: RunSuiteInput, context: StepContext, onBytes: OnBytes): Promise<RemoteExit> {
  const { session, vm, suite } = input;
  const { signal } = context;
  const mark = randomBytes(16).toString('hex');
  const whole = Promise.withResolvers<'port' | 'ssh'>();
  // What a process that an earlier suite has left writes to the port comes before the mark.
  const fromPort = new MarkFilter(mark, onBytes, { from: 'mark' });
  // A runner that can't open the port writes to standard output, its last mark included.
  const fromSsh = new MarkFilter(mark, onBytes, { from: 'start' });
  const port = suite.identity.kind === 'bundled' ? await vm.followOutput((chunk) => fromPort.push(chunk) && whole.resolve('port')) : null;
  if (port === null) return session.exec(suiteCommand(input), { signal, onStdout: onBytes, onStderr: onBytes });
  const untilWhole = (ms: number) => within(ms, Promise.race([whole.promise, port.ended]));
  try {
    const exit = await session.exec(commandWith(input, ['--output', outputPort, '--output-mark', mark]), {
      ...{ signal, onStderr: onBytes },
      onStdout: (chunk) => fromSsh.push(chunk) && whole.resolve('ssh'),
    });
    // One that was killed has written no mark.
    await untilWhole(exit.signal === null ? outputDeadlineMs : killedDeadlineMs);
    if ((await Promise.race([whole.promise, null])) === 'ssh')
      context.report({ type: 'note.reported', level: 'info', message: 'the suite’s output came over SSH: its port in the client VM could not be opened' });
    return exit;
  } catch (error) {
    // A guest that is lost may have written more than was read.
    if (!signal.aborted) await untilWhole(killedDeadlineMs);
    throw error;
  } finally {
    port.close();
    for (const filter of [fromPort, fromSsh]) filter.end();
  }
}

/** As a shell has it: 128 and the signal's number for a command that a signal ended. */
function exitCodeOf({ exitCode, signal }: RemoteExit): number | null {
  const name = signal === null ? null : (signal.replace(/^(?!SIG)/, 'SIG') as NodeJS.Signals);
  return exitCode ?? (name === null ? null : 128 + (constants.signals[name] ?? 0));
}

/** Standard output of a command that is expected to succeed. */
async function output(session: RemoteSession, command: string, { signal }: StepContext): Promise<string> {
  let text = '';
  const { exitCode } = await session.exec(command, {
    signal,
    onStdout: (chunk) => {
      text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    },
  });
  if (exitCode !== 0) throw new EnvironmentError(`\`${command}\` failed in the client VM with exit code ${exitCode}`, 'vm.log may say more');
  return text;
}
