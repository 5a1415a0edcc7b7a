import { relative } from 'node:path';
import type { DashboardController, TerminalCommand } from '../../components/controller.ts';
import { DashboardStore } from '../../components/view/dashboard-store.ts';
import { emptyView, type PreviousResult } from '../../components/view/dashboard-view.ts';
import type { Options } from '../config/options.ts';
import { messageOf } from '../model/errors.ts';
import type { KnownFailure, LogChannel, RunEvent } from '../model/events.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { laneOf } from '../model/lane-state.ts';
import { type Outcome, outcomeOfError } from '../model/verdict.ts';
import type { LogBuffer } from '../stream/ring-buffer.ts';
import type { Testcase } from '../suite/catalog.ts';
import { summaryLines } from './dashboard-summary.ts';
import { expectFailures } from './expect-failures.ts';
import { guestShellArguments } from './guest-shell.ts';
import type { OpenRun } from './open-run.ts';
import { repeatCommand } from './repeat-command.ts';
import { SessionLogs } from './session-logs.ts';
import { TriageSwitch } from './triage-switch.ts';
import { VersionQueue } from './version-queue.ts';
import { watchSources } from './watch-sources.ts';
import { WatchSwitch } from './watch-switch.ts';

export interface LiveOptions {
  readonly options: Options;
  /** What can be chosen. */
  readonly catalog: readonly Testcase[];
  /** Whether an environment that another process started runs, and is to be used. */
  readonly isRunning: () => Promise<boolean>;
  readonly previous: ReadonlyMap<string, PreviousResult>;
  readonly pagerCommand: (path: string) => TerminalCommand;
}

const over: Outcome = { exitCode: ExitCode.passed, reason: 'the session is over', hint: null, log: null };

const byUser = (reason: string): Outcome => ({ exitCode: ExitCode.interrupted, reason, hint: null, log: null });

/** Drives a session of the run machine from a dashboard. After a failure `retry` opens another one. */
export class LiveController implements DashboardController {
  readonly store: DashboardStore;
  readonly player = null;
  readonly #settings: LiveOptions;
  #run: OpenRun | null = null;
  #idle = false;
  #wanted: readonly string[] = [];
  #attached = false;
  #keep = false;
  #lastFolder: string | null = null;
  readonly #logs = new SessionLogs();
  #quitting = false;
  /** Exit code of the last run of testcases; 0 where none ran. */
  #exitCode: ExitCode = ExitCode.passed;
  #ended: Promise<void> = Promise.resolve();
  readonly #forced = Promise.withResolvers<void>();
  readonly #watch: WatchSwitch;
  /** The selection that goes through the NFS versions; null where none does. */
  #versions: VersionQueue | null = null;
  readonly #triage: TriageSwitch;

  constructor(settings: LiveOptions) {
    this.#settings = settings;
    this.store = new DashboardStore(emptyView(settings.catalog, settings.previous));
    this.#triage = new TriageSwitch(settings.options, this.store);
    this.#watch = new WatchSwitch({
      open: (listener) => watchSources(settings.options, listener),
      onChange: ({ names }) => {
        if (this.#idle) this.#begin();
        else this.#run?.send({ type: 'tests.stop', outcome: byUser(`overtaken by a change of ${names.join(', ')}`) });
      },
      onWatching: (folder) => this.store.update({ watching: folder, outcome: folder === null ? null : `watching ${relative(process.cwd(), folder) || '.'}` }),
      onMessage: (message) => this.store.update({ outcome: message }),
    });
  }

  get attached(): boolean {
    return this.#attached;
  }

  now = (): number => Date.now();

  /** Starts the environment, or takes up the one that runs. */
  open(): void {
    this.#ended = this.#session();
  }

  async #session(): Promise<void> {
    this.#idle = false;
    try {
      this.#attached = await this.#settings.isRunning();
      // Loaded while the first frame is shown: the libraries of the services take longer than that.
      const { openRun } = await import('./open-run.ts');
      const run = await openRun({
        options: this.#settings.options,
        goal: 'session',
        parts: { server: true, vm: true },
        attach: this.#attached,
        keep: () => this.#keep,
        reporters: () => [],
      });
      this.#run = run;
      run.recorder.subscribe((event) => this.#observe(event));
      for (const hub of run.hubs) hub.subscribe((channel, line, lane) => this.#logs.push(channel, lane, line, run.recorder.folder));
      run.onIdle((outcome) => this.#becomeIdle(outcome));
      run.start();
      // Asked to end while it was being opened.
      if (this.#quitting) run.send({ type: 'run.stop', outcome: over });
      this.#end(await run.ended);
    } catch (error) {
      this.#end(outcomeOfError(error));
    }
  }

  run(testcases: readonly string[]): void {
    if (testcases.length === 0) return;
    this.#wanted = testcases;
    if (this.#idle) this.#begin();
  }

  triage(testcase: string): string {
    return this.#triage.begin(testcase, this.#run);
  }

  stopTests(): void {
    this.#versions?.stop();
    this.#run?.send({ type: 'tests.stop', outcome: byUser('stopped by the user') });
  }

  restartServer(): void {
    this.#idle = false;
    this.store.update({ environment: 'starting', failure: null });
    this.#run?.send({ type: 'server.restart' });
  }

  toggleWatch(testcases: readonly string[]): void {
    if (this.#settings.options.lanes !== 1) {
      this.store.update({ outcome: 'a watch replaces one server: start again with --lanes=1' });
      return;
    }
    this.#watch.toggle(testcases);
  }

  retry(): void {
    // Where only the server died, the VM is still good.
    if (this.#idle) {
      this.restartServer();
      return;
    }
    this.store.update({ environment: 'starting', failure: null });
    void this.#ended.then(() => this.open());
  }

  async quit({ keep }: { readonly keep: boolean }): Promise<ExitCode> {
    this.#keep = keep;
    this.#quitting = true;
    this.#watch.end();
    this.#versions?.stop();
    this.#run?.send({ type: 'run.stop', outcome: over });
    await Promise.race([Promise.all([this.#ended, this.#triage.end()]), this.#forced.promise]);
    return this.#exitCode;
  }

  force(): void {
    // Before there is a run nothing has been started that would have to be stopped.
    if (this.#run === null) this.#forced.resolve();
    else this.#run.send({ type: 'run.stop', outcome: byUser('forced') });
  }

  /** Ends the session for a signal. */
  async interrupt(outcome: Outcome): Promise<void> {
    this.#exitCode = outcome.exitCode;
    this.#quitting = true;
    this.#run?.send({ type: 'run.stop', outcome });
    await Promise.all([this.#ended, this.#triage.end()]);
  }

  expectFailures(failures: readonly KnownFailure[]): Promise<string> {
    const { options } = this.#settings;
    return expectFailures(options, this.store.getSnapshot().server?.name ?? options.imageName.value, failures);
  }

  reproCommand(testcases: readonly string[]): string {
    return repeatCommand(this.#settings.options, testcases);
  }

  shellCommand(lane: number): TerminalCommand | null {
    const { client } = laneOf(this.store.getSnapshot(), lane);
    if (this.#run === null || client.sshPort === null || client.state !== 'ready') return null;
    return { command: 'ssh', args: guestShellArguments({ ...this.#settings.options, lane }, client.sshPort) };
  }

  pagerCommand(path: string): TerminalCommand {
    return this.#settings.pagerCommand(path);
  }

  log(channel: LogChannel, lane: number): LogBuffer {
    return this.#logs.buffer(channel, lane);
  }

  logFile(channel: LogChannel, lane: number): string | null {
    return this.#logs.file(channel, lane, this.#run?.recorder.folder ?? null);
  }

  runFolder(): string | null {
    return this.#run ? relative(process.cwd(), this.#run.recorder.folder) : null;
  }

  /** What stays on the terminal after the screen: the verdicts, and where the runs are kept. */
  summary(): readonly string[] {
    const kept = this.#keep ? ['the environment is still running', '  → nfstest-tui takes it up again, `nfstest-tui stop-env` stops it'] : [];
    return [...summaryLines(this.store.getSnapshot(), this.#lastFolder), ...kept];
  }

  #observe(event: RunEvent): void {
    if (this.#run) this.#triage.observe(event, this.#run.recorder.folder);
    this.#lastFolder = this.runFolder();
    this.store.record(event);
  }

  #becomeIdle(outcome: Outcome): void {
    this.#idle = true;
    this.#exitCode = outcome.exitCode;
    if (outcome.exitCode !== ExitCode.serverLost) this.store.update({ environment: 'ready', failure: null });
    this.#versions?.conclude(outcome);
    if (outcome.exitCode !== ExitCode.serverLost && !this.#watch.hasChange && this.#nextVersion()) return;
    void this.#versions?.writeGrid(outcome).catch((error) => this.store.update({ outcome: messageOf(error) }));
    this.#versions = null;
    if (this.#wanted.length > 0 || this.#watch.hasChange) this.#begin();
  }

  /** Goes on with the next NFS version; false where there is none. */
  #nextVersion(): boolean {
    const nfsVersion = this.#versions?.next() ?? null;
    if (nfsVersion === null) return false;
    this.#idle = false;
    void this.#run?.test(this.#versions?.testcases ?? [], undefined, { nfsVersion });
    return true;
  }

  #begin(): void {
    const [wanted, change] = [this.#wanted, this.#watch.take()];
    this.#wanted = [];
    this.#idle = false;
    if (change === null) {
      this.#versions = this.#run === null ? null : new VersionQueue(this.#run, wanted);
      this.#nextVersion();
      return;
    }
    const testcases = wanted.length > 0 ? wanted : (this.#run?.nextTestcases(this.#watch.testcases) ?? []);
    void this.#run?.test(testcases, { changed: change.names, waitedMs: Math.round(performance.now() - change.sinceMs), rebuild: true });
  }

  #end(outcome: Outcome): void {
    this.#run = null;
    this.#idle = false;
    if (!this.#quitting) this.#exitCode = outcome.exitCode;
    const { reason, hint, log } = outcome;
    if (outcome.exitCode === ExitCode.passed || this.#quitting) this.store.update({ environment: 'stopped' });
    else this.store.update({ environment: 'failed', failure: { reason, hint, log }, outcome: reason });
  }
}
