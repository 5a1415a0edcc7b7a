import { type LogChannel, logChannels, type RunEvent } from '../../src/model/events.ts';
import { ExitCode } from '../../src/model/exit-codes.ts';
import type { DashboardController, TerminalCommand } from '../controller.ts';
import { DashboardStore } from '../view/dashboard-store.ts';
import type { CatalogEntry, PreviousResult } from '../view/dashboard-view.ts';
import { emptyView } from '../view/dashboard-view.ts';
import { lineTimes } from './line-times.ts';
import { ReplayLog } from './replay-log.ts';
import { ReplayPlayer } from './replay-player.ts';

/** The lines of a lane's logs. */
export type LaneLogs = Readonly<Record<LogChannel, readonly string[]>>;

export interface Recording {
  readonly events: readonly RunEvent[];
  /** The logs of its lanes; one at least. */
  readonly lanes: readonly LaneLogs[];
  /** Folder of the run; null where the events came alone. */
  readonly folder: string | null;
}

export interface ReplayOptions {
  readonly catalog: readonly CatalogEntry[];
  /** What the run before this one found. */
  readonly previous?: ReadonlyMap<string, PreviousResult>;
  readonly speed?: number;
  /** Path of a lane's log. */
  readonly logFile?: (channel: LogChannel, lane: number) => string | null;
  readonly pagerCommand?: (path: string) => TerminalCommand;
  readonly reproCommand?: (testcases: readonly string[]) => string;
}

/** The log of a lane that left none. */
const nothing = new ReplayLog([], []);

/** Shows a finished run in the dashboard, at its own pace or another. What would change something does nothing. */
export class ReplayController implements DashboardController {
  readonly store: DashboardStore;
  readonly #logs: readonly Readonly<Record<LogChannel, ReplayLog>>[];
  readonly player: ReplayPlayer;
  readonly attached = false;
  readonly #recording: Recording;
  readonly #options: ReplayOptions;
  /** Epoch milliseconds of position 0. */
  readonly #epoch: number;
  #applied = 0;

  constructor(recording: Recording, options: ReplayOptions) {
    const { events, lanes } = recording;
    const [first] = events;
    this.#recording = recording;
    this.#options = options;
    this.#epoch = first === undefined ? 0 : Date.parse(first.time) - first.atMs;
    this.store = new DashboardStore(emptyView(options.catalog, options.previous));
    this.#logs = lanes.map((logs, lane) => {
      const each = logChannels.map((channel) => [channel, new ReplayLog(logs[channel], lineTimes(channel, logs[channel], events, lane))]);
      return Object.fromEntries(each) as Record<LogChannel, ReplayLog>;
    });
    const durationMs = events.at(-1)?.atMs ?? 0;
    this.player = new ReplayPlayer({
      durationMs,
      onMove: (positionMs) => this.#show(positionMs),
      ...(options.speed === undefined ? {} : { speed: options.speed }),
    });
  }

  log(channel: LogChannel, lane: number): ReplayLog {
    return this.#logs[lane]?.[channel] ?? nothing;
  }

  now(): number {
    return this.#epoch + this.player.positionMs;
  }

  #show(positionMs: number): void {
    const { events } = this.#recording;
    const back = (events[this.#applied - 1]?.atMs ?? 0) > positionMs;
    let end = back ? 0 : this.#applied;
    while (end < events.length && (events[end]?.atMs ?? 0) <= positionMs) end += 1;
    if (back) this.store.rebuild(events.slice(0, end));
    else for (const event of events.slice(this.#applied, end)) this.store.record(event);
    this.#applied = end;
    for (const logs of this.#logs) for (const channel of logChannels) logs[channel].moveTo(positionMs);
  }

  run(): void {}
  stopTests(): void {}
  restartServer(): void {}
  toggleWatch(): void {}
  triage(): string {
    return 'a recording can’t be run again';
  }
  retry(): void {}
  force(): void {}

  expectFailures(): Promise<string> {
    return Promise.resolve('a replay writes nothing');
  }

  quit(): Promise<ExitCode> {
    this.player.stop();
    return Promise.resolve(ExitCode.passed);
  }

  reproCommand(testcases: readonly string[]): string {
    return this.#options.reproCommand?.(testcases) ?? `nfstest-tui --ci --testcase ${testcases.join(',')}`;
  }

  shellCommand(): null {
    return null;
  }

  pagerCommand(path: string): TerminalCommand {
    return this.#options.pagerCommand?.(path) ?? { command: 'less', args: ['-R', path] };
  }

  logFile(channel: LogChannel, lane: number): string | null {
    return this.#options.logFile?.(channel, lane) ?? null;
  }

  runFolder(): string | null {
    return this.#recording.folder;
  }
}
