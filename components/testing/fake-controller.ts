import { type EventBody, type KnownFailure, type LogChannel, logChannels, type RunEvent } from '../../src/model/events.ts';
import type { ExitCode } from '../../src/model/exit-codes.ts';
import { LogBuffer } from '../../src/stream/ring-buffer.ts';
// biome-ignore lint/style/noRestrictedImports: only tests load this file.
import { catalog } from '../../src/suite/catalog.ts';
import type { DashboardController, Player, TerminalCommand } from '../controller.ts';
import { DashboardStore } from '../view/dashboard-store.ts';
import { emptyView, type PreviousResult } from '../view/dashboard-view.ts';

/** A dashboard without an environment: takes events by hand and writes down what the screen asks of it. */
export class FakeController implements DashboardController {
  readonly store: DashboardStore;
  readonly logs: Readonly<Record<LogChannel, LogBuffer>>;
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
    this.logs = Object.fromEntries(logChannels.map((channel) => [channel, new LogBuffer({ notifyEveryMs: 1 })])) as Record<LogChannel, LogBuffer>;
  }

  now = (): number => this.#time;

  /** Time goes on by this many milliseconds. */
  wait(durationMs: number): void {
    this.#time += durationMs;
  }

  emit(...bodies: readonly EventBody[]): void {
    for (const body of bodies) this.store.record({ ...body, runId: 'fake', lane: 0, time: new Date(this.#time).toISOString(), atMs: 0 });
  }

  /** Takes recorded events; the time is that of the last one. */
  take(events: readonly RunEvent[]): void {
    for (const event of events) this.store.record(event);
    this.#time = Date.parse(events.at(-1)?.time ?? '');
  }

  /** An environment in which nothing runs. */
  becomeReady(): void {
    this.emit(
      { type: 'run.started', server: { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' }, nfsVersion: '3', testcases: [], program: '0.1.0' },
      { type: 'server.started', containerId: 'c0', containerName: 'ganesha-server', nfsPort: 4000, mountPort: 4001, image: 'ganesha:latest' },
      { type: 'server.ready' },
      { type: 'vm.started', pid: 1, accelerator: 'tcg', sshPort: 2222 },
      { type: 'client.connected', kernel: '6.1.0' },
    );
    this.store.update({ environment: 'ready' });
  }

  run = (testcases: readonly string[]): void => void this.calls.push(`run ${testcases.join(',')}`);
  stopTests = (): void => void this.calls.push('stopTests');
  restartServer = (): void => void this.calls.push('restartServer');
  toggleWatch = (testcases: readonly string[]): void => void this.calls.push(`toggleWatch ${testcases.join(',')}`);
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
  shellCommand = (): TerminalCommand | null => this.shell;
  pagerCommand = (path: string): TerminalCommand => ({ command: 'less', args: [path] });
  logFile = (channel: LogChannel): string | null => `/runs/fake/${channel}.log`;
  runFolder = (): string | null => '/runs/fake';
}
