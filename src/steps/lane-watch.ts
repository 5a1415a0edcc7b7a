import { vmFiles } from '../config/vm-files.ts';
import type { StepControls } from '../machine/actors.ts';
import type { EventBody } from '../model/events.ts';
import type { EngineService, ProbeService, RemoteSession, VmHandle } from '../services/types.ts';
import { watchConnection, watchConsole, watchVmEnd } from './client-watch.ts';
import type { StepContext } from './context.ts';
import { watchEngine } from './engine-watch.ts';
import type { LogFollowers } from './log-followers.ts';
import { contextOf, type RunScope, tailOf } from './run-scope.ts';
import { type RunningServer, sampleServer } from './server.ts';
import { isSignOfLife, watchServerAnswers, watchServerEnd } from './server-watch.ts';
import { SilenceWatch } from './silence-watch.ts';
import { delay, within } from './wait.ts';

/** As long as it takes to look into a client that does not answer. */
const newsDeadlineMs = 45_000;
const exitNewsMs = 1_500;

export interface LaneWatchOptions {
  readonly scope: RunScope;
  readonly followers: LogFollowers;
  readonly probe: ProbeService;
  readonly engine: Pick<EngineService, 'ping' | 'doubt' | 'onAbsence'>;
  /** True once the lane stops what it has. */
  readonly isReleasing: () => boolean;
  /** Looks into a client that seems to hang; never rejects but by its signal. */
  readonly look: (reason: string, controls: StepControls) => Promise<void>;
}

/** Notices when a lane's server, client VM or the connection to it dies, and tells the machine. */
export class LaneWatch {
  readonly #options: LaneWatchOptions;
  /** Settle when server and VM have ended and that is reported. */
  readonly #exits: Promise<void>[] = [];
  /** Servers that were replaced on purpose. */
  readonly #retired = new Set<RunningServer>();
  /** Servers that have answered. */
  readonly #ready = new Set<RunningServer>();
  /** Ends what watches the server that runs. */
  #serving = new AbortController();
  /** Settles when the loss of the connection is told. */
  #connectionNews: Promise<void> = Promise.resolve();
  #isTesting = false;
  #isLooking = false;
  /** When the client was last seen to get an answer. */
  #lastSignMs = 0;

  constructor(options: LaneWatchOptions) {
    this.#options = options;
  }

  /** Resolves when every part that has ended is reported. */
  async exitsTold(): Promise<void> {
    await Promise.all(this.#exits);
  }

  /** A server's container exists. */
  server(server: RunningServer, controls: StepControls): void {
    const { scope, followers, engine } = this.#options;
    const tail = tailOf(scope, 'server');
    const { engineMs } = scope.options.deadlines;
    this.#serving = new AbortController();
    const signal = this.#servingSignal();
    const unexpected = () => this.#isExpectedToRun(server);
    void followers.track(sampleServer(server.container, { ...contextOf(scope, controls), signal }, engine));
    void followers.track(watchEngine({ engine, controls, tail, unexpected, signal, silenceMs: engineMs }));
    this.#exits.push(watchServerEnd({ server, controls, tail, unexpected, isReady: () => this.#ready.has(server), signal: followers.signal }));
  }

  /** It answers: from now on its silence counts. */
  serverAnswers(server: RunningServer, controls: StepControls): void {
    const { scope, followers, probe } = this.#options;
    const tail = tailOf(scope, 'server');
    const { options } = scope;
    this.#ready.add(server);
    const watched = { server, controls, tail, probe, signal: this.#servingSignal(), silenceMs: options.deadlines.answerMs };
    void followers.track(
      watchServerAnswers({
        ...watched,
        unexpected: () => this.#isExpectedToRun(server),
        version: () => Number(scope.options.nfsVersion[0]),
        lastSignMs: () => this.#lastSignMs,
      }),
    );
  }

  /** It is replaced, or its loss is told elsewhere. */
  retire(server: RunningServer): void {
    this.#retired.add(server);
    this.endServing();
  }

  /** The server that runs is not looked at any more. */
  endServing(): void {
    this.#serving.abort();
  }

  /** QEMU runs. */
  vm(vm: VmHandle, controls: StepControls): void {
    const { scope } = this.#options;
    this.#exits.push(watchVmEnd(this.#client(controls), vm, vmFiles(scope.options).qemuLog));
  }

  /** The client can be used: what its kernel says from now on counts. */
  client(session: RemoteSession, vm: VmHandle, controls: StepControls): void {
    const { followers, scope } = this.#options;
    void followers.track(watchConsole({ ...this.#client(controls), logs: scope.logs, suspect: (reason) => void this.#suspect(reason, controls) }));
    const look = (reason: string) => (this.#isTesting ? this.#options.look(reason, { ...controls, signal: followers.signal }) : Promise.resolve());
    this.#connectionNews = followers.track(watchConnection({ ...this.#client(controls), look }, session, vm));
  }

  /** Resolves when what is known of a lost client is told. */
  async clientLossTold(): Promise<void> {
    await within(newsDeadlineMs, this.#connectionNews);
    // Of QEMU's end its exit tells, a moment later.
    await delay(exitNewsMs, this.#options.followers.signal);
  }

  /** Testcases begin: a context for what runs them, which is listened to until `end` is called. */
  suite(controls: StepControls): { readonly context: StepContext; readonly end: () => void } {
    const { scope } = this.#options;
    const { silenceMs } = scope.options.deadlines;
    const plain = contextOf(scope, controls);
    let testcase: string | null = null;
    let heardMs = 0;
    this.#isTesting = true;
    const silence = new SilenceWatch(silenceMs, () => {
      const sinceMs = heardMs;
      const last = tailOf(scope, 'suite')(1).lines[0]?.trim();
      const seen = last === undefined || last === '' ? '' : `, last: ${last.slice(0, 100)}`;
      void this.#suspect(
        `${testcase === null ? 'the suite' : testcase} has printed nothing for ${silenceMs / 1000} s${seen}`,
        controls,
        () => heardMs === sinceMs,
      );
    });
    const context: StepContext = {
      ...plain,
      report: (body: EventBody) => {
        plain.report(body);
        if (isSignOfLife(body)) this.#lastSignMs = performance.now();
        if (body.type === 'testcase.started') testcase = body.testcase;
        if (body.type === 'testcase.finished') testcase = null;
        // What is worked up after its end says nothing.
        if (body.type === 'suite.finished') silence.end();
      },
      log: (channel, chunk) => {
        heardMs = performance.now();
        silence.heard();
        plain.log(channel, chunk);
      },
    };
    const end = () => {
      silence.end();
      this.#isTesting = false;
    };
    return { context, end };
  }

  /** Looks into the client before its testcases are cut off: that wakes what hangs. */
  async #suspect(reason: string, controls: StepControls, isStill: () => boolean = () => true): Promise<void> {
    if (!this.#isTesting || this.#isLooking) return;
    this.#isLooking = true;
    const { look, followers, isReleasing } = this.#options;
    const { signal } = followers;
    try {
      await followers.track(look(reason, { ...controls, signal }));
      if (isStill() && !isReleasing()) controls.suspect(reason);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#isLooking = false;
    }
  }

  #client(controls: StepControls) {
    const { followers, scope, isReleasing } = this.#options;
    return { controls, tail: tailOf(scope, 'vm'), unexpected: () => !isReleasing(), signal: followers.signal };
  }

  #servingSignal(): AbortSignal {
    return AbortSignal.any([this.#options.followers.signal, this.#serving.signal]);
  }

  #isExpectedToRun(server: RunningServer): boolean {
    return !this.#options.isReleasing() && !this.#retired.has(server);
  }
}
