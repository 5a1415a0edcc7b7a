import type { AcceleratorChoice } from './choose-accelerator.ts';
import type { Engine, EngineAttempt, EngineResolution } from './engine-socket.ts';
import type { Host, RunOptions, RunResult } from './host.ts';

export const fakeEngine: Engine = {
  host: 'unix:///var/run/docker.sock',
  origin: 'Docker',
  name: 'Docker',
  version: '20.10.24',
  apiVersion: '1.41',
  storageDriver: 'overlay2',
  dataDir: '/var/lib/docker',
  isLocal: true,
};

export const failedAttempt = (reason: string, more: Partial<EngineAttempt> = {}): EngineAttempt => ({
  host: 'unix:///var/run/docker.sock',
  origin: 'Docker',
  explicit: false,
  reason,
  hint: null,
  ...more,
});

type Answer = Partial<RunResult> | ((host: FakeHost) => Partial<RunResult> | undefined);

/** A machine for tests: programs, files and an engine are plain data, and time passes only in `sleep`. */
export class FakeHost implements Host {
  platform: NodeJS.Platform = 'linux';
  arch = 'x64';
  isRoot = true;
  userName = 'ann';
  nodeVersion = '24.1.0';
  memoryBytes = 8 * 1024 ** 3;
  diskBytes = 50 * 1024 ** 3;
  listsAgeMs: number | null = 0;
  engine: EngineResolution = { engine: fakeEngine, tried: [] };
  /** Program names that are installed. */
  readonly programs = new Set<string>();
  readonly files = new Map<string, string>();
  /** Command lines of running processes by pid. */
  readonly processes = new Map<number, string>();
  /** Holders by taken port. */
  readonly takenPorts = new Map<number, string | null>();
  readonly reachable = new Set<string>();
  accelerator: AcceleratorChoice | Error = { accelerator: 'kvm', works: true, reason: 'a guest booted', rejected: [], verdictKey: 'k' };
  /** Answers by a part of the command line; the first that matches. Others succeed silently. */
  readonly answers: [part: string, answer: Answer][] = [];
  /** Every command line that ran. */
  readonly ran: string[] = [];
  /** Called at every sleep with the time in ms. */
  onSleep: (nowMs: number) => void = () => {};
  #nowMs = 0;

  async osName(): Promise<string> {
    return 'Fake OS';
  }

  async which(command: string): Promise<string | null> {
    return this.programs.has(command) ? `/usr/bin/${command}` : null;
  }

  async exists(path: string): Promise<boolean> {
    return this.files.has(path);
  }

  async readText(path: string): Promise<string | null> {
    return this.files.get(path) ?? null;
  }

  async writeText(path: string, text: string): Promise<void> {
    this.files.set(path, text);
  }

  async appendText(path: string, text: string): Promise<void> {
    this.files.set(path, (this.files.get(path) ?? '') + text);
  }

  async run(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    options.signal?.throwIfAborted();
    const command = [file, ...args].join(' ');
    this.ran.push(command);
    const answer = this.answers.find(([part]) => command.includes(part))?.[1];
    const result = { exitCode: 0, stdout: '', stderr: '', ...(typeof answer === 'function' ? answer(this) : answer) };
    for (const line of `${result.stdout}\n${result.stderr}`.split('\n').filter((text) => text !== '')) options.onLine?.(line);
    return result;
  }

  async freeBytes(): Promise<number | null> {
    return this.diskBytes;
  }

  availableMemoryBytes(): number {
    return this.memoryBytes;
  }

  async aptListsAgeMs(): Promise<number | null> {
    return this.listsAgeMs;
  }

  async findEngine(): Promise<EngineResolution> {
    return this.engine;
  }

  async port(port: number) {
    return { isFree: !this.takenPorts.has(port), holder: this.takenPorts.get(port) ?? null };
  }

  async chooseAccelerator(): Promise<AcceleratorChoice> {
    if (this.accelerator instanceof Error) throw this.accelerator;
    return this.accelerator;
  }

  async canReach(url: string): Promise<boolean> {
    return this.reachable.has(url);
  }

  async processStartTime(pid: number): Promise<string | null> {
    return this.processes.has(pid) ? '1' : null;
  }

  async commandLineOf(pid: number): Promise<string | null> {
    return this.processes.get(pid) ?? null;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.#nowMs += ms;
    this.onSleep(this.#nowMs);
    signal?.throwIfAborted();
  }

  nowMs(): number {
    return this.#nowMs;
  }
}

/** A Debian machine on which everything is installed and running. */
export function readyHost(): FakeHost {
  const host = new FakeHost();
  const programs = [
    'apt-get',
    'service',
    'dockerd',
    'iptables',
    'qemu-system-x86_64',
    'qemu-img',
    'genisoimage',
    'mmdebstrap',
    'mke2fs',
    'git',
    'ssh',
    'tshark',
  ];
  for (const program of programs) host.programs.add(program);
  host.files.set('/etc/ssl/certs/ca-certificates.crt', '');
  host.answers.push(['qemu-system-x86_64 --version', { stdout: 'QEMU emulator version 7.2.22 (Debian)\n' }]);
  return host;
}
