import { mkdir, rm } from 'node:fs/promises';
import type { Options } from '../config/options.ts';
import { vmFiles } from '../config/vm-files.ts';
import type { LaneSteps, StepControls } from '../machine/actors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { Outcome } from '../model/verdict.ts';
import type { RemoteSession, VmHandle } from '../services/types.ts';
import { attachEnvironment, reportAttached } from './attach.ts';
import { connectClient, uploadSuite } from './client.ts';
import { ensureClientKey } from './client-key.ts';
import { inPhase, type StepContext } from './context.ts';
import { diagnose, look } from './diagnosis.ts';
import type { Hang } from './hang.ts';
import { noteHostKey } from './host-key.ts';
import type { LaneServices, LaneSettings } from './lane-settings.ts';
import { exitReportMs, stopParts } from './lane-stop.ts';
import { isClientLost, runLaneSuite } from './lane-suite.ts';
import { LaneWatch } from './lane-watch.ts';
import { LogFollowers } from './log-followers.ts';
import { PendingWork } from './pending-work.ts';
import type { Preparation } from './preparation.ts';
import { contextOf, type RunScope, replacedMark, tailOf } from './run-scope.ts';
import { type RunningServer, startServer } from './server.ts';
import { suiteDigest } from './suite-source.ts';
import { startVm } from './vm.ts';
import { aborted, within } from './wait.ts';

const graceMs = 2_000;
/** How long steps that were cut off may take to tidy up: a recipe's tools take seconds. */
const settleDeadlineMs = 60_000;

/** One server+client pair: holds the handles and does the machine's work with them. */
export class Lane implements LaneSteps {
  readonly #scope: RunScope;
  readonly #preparation: Preparation;
  readonly #services: LaneServices;
  readonly #settings: LaneSettings;
  readonly #pending = new PendingWork();
  readonly #followers: LogFollowers;
  readonly #watch: LaneWatch;
  #server: RunningServer | null = null;
  #vm: VmHandle | null = null;
  #session: RemoteSession | null = null;
  /** Digest of the suite that is in the VM. */
  #suiteInVm: string | null = null;
  /** Release of the VM's kernel, where it has said it. */
  #kernel: string | null = null;
  /** What was found in a client that seemed to hang. */
  #hang: Hang | null = null;
  /** This run has tried to start a VM. */
  #bootedVm = false;
  /** Settles when all of the server's log is read. */
  #serverLog: Promise<void> = Promise.resolve();
  #releasing = false;
  readonly #forced = Promise.withResolvers<void>();
  #graceMs = graceMs;

  constructor(scope: RunScope, preparation: Preparation, services: LaneServices, settings: LaneSettings) {
    this.#scope = scope;
    this.#preparation = preparation;
    this.#services = services;
    this.#settings = settings;
    this.#followers = new LogFollowers(scope.logs, scope.options.logMaxBytes);
    const followers = this.#followers;
    this.#watch = new LaneWatch({
      scope,
      followers,
      probe: services.probe,
      engine: services.engine,
      isReleasing: () => this.#releasing,
      look: this.#look,
    });
  }

  attach(controls: StepControls): Promise<void> {
    return this.#pending.track(this.#attach(controls));
  }

  async #attach(controls: StepControls): Promise<void> {
    const { server, vm } = await attachEnvironment(this.#settings.attached, this.#services);
    this.#ownServer(server, controls);
    this.#watch.serverAnswers(server, controls);
    this.#ownVm(vm, controls);
    await noteHostKey(this.#scope.options, vm.record, controls);
    this.#suiteInVm = this.#settings.attached?.suiteDigest ?? null;
    this.#kernel = this.#settings.attached?.kernel ?? null;
    reportAttached(server, vm, controls);
  }

  startServer(controls: StepControls): Promise<void> {
    return this.#pending.track(this.#startServer(controls, this.#scope.options.nfsPort));
  }

  async #startServer(controls: StepControls, nfsPort: Options['nfsPort']): Promise<void> {
    const { runId, options, recipe, server } = this.#scope;
    const input = {
      runId,
      options: { ...options, nfsPort },
      recipe,
      identity: server,
      // An attached environment was built by the process that started it, unless it was built again since.
      imageId:
        this.#settings.attached === null
          ? this.#preparation.serverImageReady.id
          : (this.#preparation.rebuiltImage?.id ?? this.#settings.attached.server?.imageId ?? server.image),
      tail: tailOf(this.#scope, 'server'),
      onStarted: async (started: RunningServer) => {
        this.#ownServer(started, controls);
        await this.#settings.environment.update({ server: started.record });
      },
    };
    try {
      this.#watch.serverAnswers(await startServer(input, this.#services, contextOf(this.#scope, controls)), controls);
    } catch (error) {
      // That it is lost is told here; its end, a moment later, is the same news.
      if (this.#server) this.#watch.retire(this.#server);
      throw error;
    }
  }

  startVm(controls: StepControls): Promise<void> {
    return this.#pending.track(this.#startVm(controls));
  }

  async #startVm(controls: StepControls): Promise<void> {
    this.#bootedVm = true;
    await mkdir(vmFiles(this.#scope.options).laneDir, { recursive: true });
    const { runId, options, platform, arch } = this.#scope;
    const { image, cidata, key, hostKey } = this.#preparation.vmReady;
    const { environment, saved } = this.#settings;
    const input = {
      ...{ runId, options, platform, arch, image, cidata, hostKey, privateKey: key.privateKey, suite: this.#preparation.suite, saved },
      hostname: options.lane === 0 ? 'nfstest-vm' : `nfstest-vm-${options.lane + 1}`,
      tail: tailOf(this.#scope, 'vm'),
      onConsole: this.#scope.logs.buffers.vm.subscribe,
      onStarted: async (vm: VmHandle) => {
        this.#ownVm(vm, controls);
        await environment.update({ vm: vm.record });
        await noteHostKey(this.#scope.options, vm.record, controls);
      },
      onBooting: async (vm: VmHandle | null) => {
        if (vm) void this.#followers.followConsole(vm);
        await environment.update({ vm: vm?.record ?? null });
      },
    };
    const started = await startVm(input, this.#services, contextOf(this.#scope, controls));
    this.#suiteInVm = started.suiteDigest;
    this.#kernel = started.kernel;
    await environment.update({ suiteDigest: started.suiteDigest, kernel: started.kernel });
  }

  connect(controls: StepControls): Promise<void> {
    return this.#pending.track(this.#connect(controls));
  }

  async #connect(controls: StepControls): Promise<void> {
    const tell = (message: string) => controls.report({ type: 'note.reported', level: 'warning', message });
    // The suite is read while the client has the work; upload needs its digest next.
    suiteDigest(this.#preparation.suite).catch(() => {});
    const { privateKey } = await ensureClientKey(vmFiles(this.#scope.options).key, tell);
    const vm = present(this.#vm);
    this.#session = await connectClient(this.#services.remote, vm, privateKey, contextOf(this.#scope, controls), this.#kernel);
    this.#watch.client(this.#session, vm, controls);
  }

  upload(controls: StepControls): Promise<void> {
    return this.#pending.track(this.#upload(controls));
  }

  /** Nothing to do where a saved VM, or the process that started it, brought the same suite. */
  async #upload(controls: StepControls): Promise<void> {
    const { suite } = this.#preparation;
    const digest = await suiteDigest(suite);
    if (digest === this.#suiteInVm) return;
    await uploadSuite(present(this.#session), suite, contextOf(this.#scope, controls));
    this.#suiteInVm = digest;
    await this.#settings.environment.update({ suiteDigest: digest });
  }

  runSuite(controls: StepControls, testcases: readonly string[]): Promise<Outcome> {
    this.#hang = null;
    const { suite } = this.#preparation;
    const { decoder, probe } = this.#services;
    const parts = { session: present(this.#session), vm: present(this.#vm), server: present(this.#server), probe, suite, decoder };
    const { context, end } = this.#watch.suite(controls);
    const running = runLaneSuite(parts, this.#scope, context, testcases);
    return this.#pending.track(running.then(this.#scope.verdict, this.#unlessLost).finally(end));
  }

  /** A connection that is lost is often the least of the news: the others come before this one. */
  readonly #unlessLost = async (error: unknown): Promise<never> => {
    if (isClientLost(error)) await this.#watch.clientLossTold();
    throw error;
  };

  rebuildServer(controls: StepControls): Promise<void> {
    return this.#pending.track(this.#rebuildServer(controls));
  }

  async #rebuildServer(controls: StepControls): Promise<void> {
    this.#scope.reloadRecipe();
    await this.#preparation.serverImage(controls);
  }

  restartServer(controls: StepControls): Promise<void> {
    return this.#pending.track(this.#restartServer(controls));
  }

  async #restartServer(controls: StepControls): Promise<void> {
    const old = present(this.#server);
    this.#watch.retire(old);
    await old.container.remove({ graceMs });
    await this.#preparation.discardReplaced();
    await within(exitReportMs, this.#serverLog);
    this.#scope.logs.write('server', `${replacedMark.server}\n`);
    // Whoever uses the environment knows it by this port.
    await this.#startServer(controls, { value: old.record.nfsPort, explicit: true });
  }

  settle(): Promise<void> {
    return this.#pending.settle();
  }

  async diagnose(controls: StepControls, suspicion: string | null): Promise<Outcome> {
    const { nfsPort } = present(this.#server).record;
    const parts = { nfsPort, session: present(this.#session), vm: present(this.#vm), serverTail: tailOf(this.#scope, 'server') };
    return diagnose(parts, this.#scope, this.#services.probe, controls, suspicion, this.#hang);
  }

  /** While the testcases hang; the diagnosis comes after their end. */
  readonly #look = async (reason: string, controls: StepControls): Promise<void> => {
    this.#hang = await look(reason, { session: present(this.#session), vm: present(this.#vm) }, this.#scope, controls);
  };

  async release(controls: StepControls, outcome: Outcome): Promise<void> {
    this.#releasing = true;
    // A step that hangs, for example in an engine that does not answer, must not keep the rest from being stopped.
    // No timer may stay: it would hold this lane, with all that it has read, for a minute.
    await within(settleDeadlineMs, Promise.race([this.#pending.settle(), this.#forced.promise, aborted(controls.signal)]));
    this.#session?.close();
    try {
      if (!this.#leavesRunning(outcome)) await this.#stopOwned(contextOf(this.#scope, controls), outcome);
      else if (this.#settings.attached === null)
        await this.#settings.environment.update({ kept: { ...(this.#server && { server: true }), ...(this.#vm && { vm: true }) } });
    } finally {
      await this.#followers.end();
      for (const channel of ['suite', 'server', 'vm', 'build'] as const) this.#scope.logs.end(channel);
    }
  }

  /** An environment of another process is left as it is, if it is left; one of ours only where it is still good. */
  #leavesRunning({ exitCode }: Outcome): boolean {
    const survived = exitCode === ExitCode.passed || exitCode === ExitCode.testsFailed || exitCode === ExitCode.nothingRan;
    return this.#settings.keep() && (this.#settings.attached !== null || survived);
  }

  force(): void {
    this.#forced.resolve();
    this.#graceMs = 0;
    if (this.#settings.attached !== null && this.#settings.keep()) return;
    void this.#server?.container.remove({ graceMs: 0 }).catch(() => {});
    void this.#vm?.stop({ graceMs: 0 }).catch(() => {});
  }

  async #stopOwned(context: StepContext, outcome: Outcome): Promise<void> {
    const [server, vm] = [this.#server, this.#vm];
    // A container that is being removed has no state to show.
    this.#watch.endServing();
    const parts = { server, vm, outcome, graceMs: this.#graceMs, environment: this.#settings.environment, exitsTold: () => this.#watch.exitsTold() };
    let isWhole = false;
    try {
      if (server || vm) await inPhase(context, 'stop', () => stopParts(parts));
      isWhole = true;
    } finally {
      // A VM that never came up leaves its overlay. Another process's VM keeps its own.
      if (this.#bootedVm && (isWhole || vm === null || (await within(exitReportMs, vm.exited)))) await this.#discardDisk(isWhole);
    }
  }

  async #discardDisk(withFolder: boolean): Promise<void> {
    const { overlay, laneDir } = vmFiles(this.#scope.options);
    await (withFolder && this.#scope.options.lane > 0 ? rm(laneDir, { recursive: true, force: true }) : rm(overlay, { force: true }));
  }

  #ownServer(server: RunningServer, controls: StepControls): void {
    this.#server = server;
    this.#serverLog = this.#followers.follow('server', server.container.logs({ signal: this.#followers.signal }));
    this.#watch.server(server, controls);
  }

  #ownVm(vm: VmHandle, controls: StepControls): void {
    this.#vm = vm;
    void this.#followers.followConsole(vm);
    this.#watch.vm(vm, controls);
  }
}

function present<T>(value: T | null): T {
  if (value === null) throw new Error('the machine ran its steps out of order');
  return value;
}
