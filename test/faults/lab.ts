import { copyFile, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { clientUser, environmentsOnDisk, vmFiles } from '../../src/config/vm-files.ts';
import { resolveEngine } from '../../src/host/engine-socket.ts';
import { qmp } from '../../src/services/qemu/qmp.ts';
import { Ssh2RemoteService } from '../../src/services/ssh.ts';
import { readEnvironment } from '../../src/steps/environment.ts';
import { type Finished, root, runCli, startCli } from '../support/cli.ts';
import { openLab } from '../support/lab.ts';
import { containersOf, leftoversOf, processesOf, transient, volumesOf } from './leftovers.ts';

export const faultsDir = join(root, 'build', 'faults');

type Event = Readonly<Record<string, unknown>>;
/** The program under test, while it runs. */
export type Program = ReturnType<typeof startCli>;

const endOf = ({ exitCode, stdout, stderr }: Finished) => `exit code ${exitCode}: ${stderr}\n${stdout.slice(-1_500)}`;
const nameOf = (flag: string) => flag.split('=')[0];

const signal = AbortSignal.timeout(24 * 3600 * 1000);

/** What a fault has to work with: the program in an environment of its own, and ways to do harm to each of its parts. */
export class FaultLab {
  readonly vmDir: string;
  readonly runsDir: string;
  readonly nfsPort: number;
  readonly sshPort: number;
  /** Flags that keep a run inside the lab. */
  readonly flags: readonly string[];
  readonly docker: Docker;
  readonly engineSocket: string;
  readonly #volumesBefore: ReadonlySet<string>;
  readonly #programs: Program[] = [];
  readonly #undo: (() => unknown)[] = [];
  #isOver = false;
  #struckMs: number | null = null;
  #endedMs: number | null = null;

  private constructor(lab: Awaited<ReturnType<typeof openLab>>, runsDir: string, engineSocket: string, volumesBefore: ReadonlySet<string>) {
    ({ vmDir: this.vmDir, nfsPort: this.nfsPort, sshPort: this.sshPort } = lab);
    this.runsDir = runsDir;
    this.flags = [...lab.flags.filter((flag) => !flag.startsWith('--runs-dir')), `--runs-dir=${runsDir}`];
    this.engineSocket = engineSocket;
    this.docker = new Docker({ socketPath: engineSocket });
    this.#volumesBefore = volumesBefore;
  }

  static async open(name: string): Promise<FaultLab> {
    const { engine } = await resolveEngine();
    if (engine === null) throw new Error('no container engine answers');
    const engineSocket = new URL(engine.host).pathname;
    const runsDir = join(faultsDir, 'runs', name);
    await rm(runsDir, { recursive: true, force: true });
    return new FaultLab(await openLab(), runsDir, engineSocket, await volumesOf(new Docker({ socketPath: engineSocket })));
  }

  /** Begins a run of a testcase, as plain lines; flags win over those of the lab. */
  run(args: readonly string[] = [], env: Record<string, string> = {}): Program {
    const usual = ['--testcase=read', ...this.flags].filter((flag) => !args.some((arg) => nameOf(arg) === nameOf(flag)));
    // An empty one only takes the place of the lab's.
    const given = ['--triage=never', ...usual, ...args].filter((flag, at, all) => all.findLastIndex((other) => nameOf(other) === nameOf(flag)) === at);
    return this.command(['--ci', ...given.filter((flag) => !flag.endsWith('='))], env);
  }

  /** Flags that let the program choose its ports. */
  readonly anyPorts: readonly string[] = ['--port=', '--ssh-port='];

  /** Begins a command; flags of the lab are up to the caller. */
  command(args: readonly string[], env: Record<string, string> = {}): Program {
    return this.adopt(this.#start(args, env));
  }

  /** A fault that was given up goes on in the background, and shall not reach into the next one. */
  #start(args: readonly string[], env: Record<string, string> = {}): Program {
    if (this.#isOver) throw new Error('the fault is over');
    const program = startCli(args, { env });
    this.#programs.push(program);
    return program;
  }

  /** Takes note of a program that was started otherwise. */
  adopt(program: Program): Program {
    if (!this.#programs.includes(program)) this.#programs.push(program);
    void program.finished.then(
      () => {
        this.#endedMs = performance.now();
      },
      () => {},
    );
    return program;
  }

  /** A command of the program that has to work. */
  async must(...args: string[]): Promise<Finished> {
    const finished = await this.#start([...args, ...this.flags]).finished;
    if (finished.exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${finished.exitCode}:\n${finished.stdout.slice(-1_000)}${finished.stderr}`);
    return finished;
  }

  /** From here on the time to the verdict counts. */
  strike(): void {
    this.#struckMs = performance.now();
  }

  /** Seconds from the fault to the end of the program that ended last; null where either did not happen. */
  get secondsToVerdict(): number | null {
    return this.#struckMs === null || this.#endedMs === null ? null : (this.#endedMs - this.#struckMs) / 1000;
  }

  /** The newest run's events so far. */
  async events(): Promise<readonly Event[]> {
    const newest = (await readdir(this.runsDir).catch(() => []))
      .filter((name) => /^\d/.test(name))
      .sort()
      .at(-1);
    const text = newest === undefined ? '' : await readFile(join(this.runsDir, newest, 'events.ndjson'), 'utf8').catch(() => '');
    // The last line may be half written.
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Event);
  }

  async summary(): Promise<Event> {
    return JSON.parse(await readFile(join(this.runsDir, 'latest', 'summary.json'), 'utf8')) as Event;
  }

  /** Waits until the newest run has such an event; throws where the program ends first. */
  async until(program: Program, type: string, fields: Event = {}): Promise<Event> {
    let ended: Finished | null = null;
    void program.finished.then((finished) => {
      ended = finished;
    });
    for (;;) {
      const last: Finished | null = ended;
      const found = (await this.events()).find((event) => event.type === type && Object.entries(fields).every(([key, value]) => event[key] === value));
      if (found) return found;
      if (last !== null) throw new Error(`the program ended before '${type}' ${JSON.stringify(fields)}: ${endOf(last)}`);
      await sleep(15);
    }
  }

  /** Waits until the first testcase has passed. */
  async untilTesting(program: Program): Promise<void> {
    await this.until(program, 'testcase.finished');
  }

  async container(): Promise<Docker.Container> {
    const [found] = await containersOf(this.docker, this.vmDir);
    if (!found) throw new Error('the server has no container');
    return this.docker.getContainer(found.Id);
  }

  async qemuPid(): Promise<number> {
    const qemu = (await processesOf(this.vmDir)).find(({ command }) => command.startsWith('qemu-system'));
    if (!qemu) throw new Error('there is no QEMU');
    return qemu.pid;
  }

  monitor(command: string): Promise<unknown> {
    return qmp(vmFiles({ vmDir: this.vmDir }).qmpSocket, command, { timeoutMs: 5_000 });
  }

  /** Runs a command in the guest over a connection of its own. */
  async guest(command: string): Promise<string> {
    const where = { vmDir: this.vmDir };
    const privateKey = await readFile(vmFiles(where).key, 'utf8');
    const session = await new Ssh2RemoteService().connect(
      { host: '127.0.0.1', port: this.sshPort, user: clientUser, privateKey, hostKey: (await readEnvironment(where))?.vm?.hostKey ?? null },
      { signal, deadlineMs: 20_000 },
    );
    let text = '';
    const onBytes = (chunk: Uint8Array | string) => {
      text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    };
    try {
      const { exitCode } = await session.exec(command, { signal, onStdout: onBytes, onStderr: onBytes });
      // Harm that was not done can't be survived.
      if (exitCode !== 0) throw new Error(`the guest's \`${command}\` ended with ${exitCode}: ${text.trim()}`);
    } finally {
      session.close();
    }
    return text;
  }

  /** A file of the saved VM whose folder's name has this part. */
  async savedFile(part: string, name: string): Promise<string> {
    const { saved } = vmFiles({ vmDir: this.vmDir });
    const slot = (await readdir(saved)).find((candidate) => candidate.includes(part));
    if (slot === undefined) throw new Error(`no VM with ${part} is saved`);
    return join(saved, slot, name);
  }

  /** Puts these files back when the fault is over. */
  async keep(...paths: string[]): Promise<void> {
    for (const path of paths) {
      await copyFile(path, `${path}.kept`);
      this.afterwards(() => rename(`${path}.kept`, path));
    }
  }

  /** Is undone when the fault is over, the last one first. */
  afterwards(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  /** Ends programs that still run, which they should not; none begins any more. */
  async endPrograms(): Promise<readonly string[]> {
    this.#isOver = true;
    const problems: string[] = [];
    for (const { child, finished } of this.#programs) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      problems.push('the program still ran');
      child.kill('SIGKILL');
      await finished.catch(() => {});
    }
    return problems;
  }

  /** Undoes what the fault did to the machine. */
  async undo(): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const undo of this.#undo.reverse()) {
      try {
        await undo();
      } catch (error) {
        problems.push(`could not be undone: ${String(error)}`);
      }
    }
    return problems;
  }

  leftovers(): Promise<readonly string[]> {
    const ports = [this.nfsPort, this.nfsPort + 1, this.sshPort];
    return leftoversOf(this.docker, { vmDir: this.vmDir, ports, volumesBefore: this.#volumesBefore });
  }

  /** By force, so that the next fault begins from nothing. */
  async sweep(): Promise<void> {
    for (const { Id } of await containersOf(this.docker, this.vmDir))
      await this.docker
        .getContainer(Id)
        .remove({ force: true, v: true })
        .catch(() => {});
    for (const { pid } of await processesOf(this.vmDir)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    await sleep(200);
    for (const command of [['stop-env'], ['clean', '--orphans']]) await runCli([...command, ...this.flags]);
    for (const dir of await environmentsOnDisk(this.vmDir)) {
      for (const name of await readdir(dir).catch(() => [])) if (transient.test(name)) await rm(join(dir, name), { recursive: true, force: true });
    }
  }
}
