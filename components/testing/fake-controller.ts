import { type EventBody, type KnownFailure, type LogChannel, logChannels, type RunEvent } from '../../src/model/events.ts';
import type { ExitCode } from '../../src/model/exit-codes.ts';
import { logFile } from '../../src/model/log-file.ts';
import { LogBuffer } from '../../src/stream/ring-buffer.ts';
// biome-ignore lint/style/noRestrictedImports: only tests load this file.
import { catalog } from '../../src/suite/catalog.ts';
import type { DashboardController, Player, TerminalCommand } from '../controller.ts';
import { DashboardStore } from '../view/dashboard-store.ts';
import { emptyView, type PreviousResult } from '../view/dashboard-view.ts';

/** A dashboard without an environment: takes events by hand and writes down what the screen asks of it. */
export class FakeController implements DashboardController {
  readonly store: DashboardStore;
  /** Of each lane that was asked for. */
  readonly #logs: Readonly<Record<LogChannel, LogBuffer>>[] = [];
  /** What was asked for, for example `run open,read`. */
  readonly calls: string[] = [];
  player: Player | null = null;
  attached = false;
  shell: TerminalCommand | null = { command: 'ssh', args: ['vm'] };
  /** Settles every `quit`. */
  readonly left = Promise.withResolvers<ExitCode>();
  #time = Date.parse('2026-11-24T02:30:00.000Z');

  constructor({ previous = new Map<string, PreviousResult>() } = {}) {
    this.store = new DashboardStore(emptyView(catalog, previous));
  }

  get logs(): Readonly<Record<LogChannel, LogBuffer>> {
    return this.logsOf(0);
  }

  logsOf(lane: number): Readonly<Record<LogChannel, LogBuffer>> {
    this.#logs[lane] ??= Object.fromEntries(logChannels.map((channel) => [channel, new LogBuffer({ notifyEveryMs: 1 })])) as Record<LogChannel, LogBuffer>;
    return this.#logs[lane];
  }

  log = (channel: LogChannel, lane: number): LogBuffer => this.logsOf(lane)[channel];

  now = (): number => this.#time;

  /** Time goes on by this many milliseconds. */
  wait(durationMs: number): void {
    this.#time += durationMs;
  }

  emit(...bodies: readonly EventBody[]): void {
    this.emitIn(0, ...bodies);
  }

  /** Events of a lane. */
  emitIn(lane: number, ...bodies: readonly EventBody[]): void {
    for (const body of bodies) this.store.record({ ...body, runId: 'fake', lane, time: new Date(this.#time).toISOString(), atMs: 0 });
  }

  /** Takes recorded events; the time is that of the last one. */
  take(events: readonly RunEvent[]): void {
    for (const event of events) this.store.record(event);
    this.#time = Date.parse(events.at(-1)?.time ?? '');
  }

  /** An environment in which nothing runs. */
  becomeReady(lanes = 1): void {
    const server = { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' };
    this.emit({ type: 'run.started', server, nfsVersion: '3', testcases: [], program: '0.1.0', ...(lanes > 1 ? { lanes } : {}) });
    for (let lane = 0; lane < lanes; lane += 1)
      this.emitIn(
        lane,
        {
          type: 'server.started',
          containerId: `c${lane}`,
          containerName: 'ganesha-server',
          nfsPort: 4000 + 10 * lane,
          mountPort: 4001 + 10 * lane,
          image: server.image,
        },
        { type: 'server.ready' },
        { type: 'vm.started', pid: lane + 1, accelerator: 'tcg', sshPort: 2222 + 10 * lane },
        { type: 'client.connected', kernel: '6.1.0' },
      );
    this.store.update({ environment: 'ready' });
  }

  run = (testcases: readonly string[]): void => void this.calls.push(`run ${testcases.join(',')}`);
  stopTests = (): void => void this.calls.push('stopTests');
  restartServer = (): void => void this.calls.push('restartServer');
  toggleWatch = (testcases: readonly string[]): void => void this.calls.push(`toggleWatch ${testcases.join(',')}`);
  triage = (testcase: string): string => {
    this.calls.push(`triage ${testcase}`);
    return `${testcase} runs again elsewhere`;
  };
  retry = (): void => void this.calls.push('retry');
  force = (): void => void this.calls.push('force');

  quit({ keep }: { readonly keep: boolean }): Promise<ExitCode> {
    this.calls.push(keep ? 'quit keep' : 'quit');
    return this.left.promise;
  }

  expectFailures(failures: readonly KnownFailure[]): Promise<string> {
    this.calls.push(
      ...failures.map(({ testcase, message, reason, nfs, kernel }) => `expect ${testcase} ${message} ${reason} ${[...nfs, ...kernel].join(' ')}`),
    );
    return Promise.resolve('written down');
  }

  reproCommand = (testcases: readonly string[]): string => `make nfstest TESTCASE=${testcases.join(',')}`;
  shellCommand = (lane: number): TerminalCommand | null => (lane === 0 || this.shell === null ? this.shell : { ...this.shell, args: [`vm-${lane + 1}`] });
  pagerCommand = (path: string): TerminalCommand => ({ command: 'less', args: [path] });
  logFile = (channel: LogChannel, lane: number): string | null => `/runs/fake/${logFile(channel, lane)}`;
  runFolder = (): string | null => '/runs/fake';
}
