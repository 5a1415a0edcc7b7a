import { mkdir, rm } from 'node:fs/promises';
import type { Options } from '../config/options.ts';
import { vmFiles } from '../config/vm-files.ts';
import type { LaneSteps, StepControls } from '../machine/actors.ts';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { Outcome } from '../model/verdict.ts';
import type { RemoteSession, VmHandle, WireDecoder } from '../services/types.ts';
import { attachEnvironment } from './attach.ts';
import { connectClient, runSuite, uploadSuite } from './client.ts';
import { ensureClientKey } from './client-key.ts';
import { inPhase, type StepContext } from './context.ts';
import { diagnoseTimeout } from './diagnosis.ts';
import type { EnvironmentFile, EnvironmentRecord } from './environment.ts';
import { LogFollowers } from './log-followers.ts';
import { PendingWork } from './pending-work.ts';
import type { Preparation } from './preparation.ts';
import { contextOf, type RunScope, tailOf } from './run-scope.ts';
import type { SavedVms } from './saved-vms.ts';
import { type RunningServer, type ServerServices, sampleServer, startServer, type TailOf } from './server.ts';
import { suiteDigest } from './suite-source.ts';
import { withTraffic } from './traffic.ts';
import { startVm, type VmServices } from './vm.ts';
import { delay, within } from './wait.ts';

const graceMs = 2_000;
/** How long steps that were cut off may take to tidy up: a recipe's tools take seconds. */
const settleDeadlineMs = 60_000;
/** How long the news of an end may take after what was stopped is gone. */
const exitReportMs = 1_000;
/** Stands in server.log between two servers of a session. */
const replacedMark = '--- the server was replaced ---';
/** How far back that is looked for. */
const serverTailLines = 1_000;

export interface LaneServices extends ServerServices, VmServices {
  readonly decoder: WireDecoder;
}

export interface LaneSettings {
  readonly environment: EnvironmentFile;
  /** An environment of another process that this run only uses. */
  readonly attached: EnvironmentRecord | null;
  /** Leave server and VM running after a run that they survived; asked at its end. */
  readonly keep: () => boolean;
  /** Shared with the other lanes. */
  readonly saved: SavedVms;
}

/** One server+client pair: holds the handles and does the machine's work with them. */
export class Lane implements LaneSteps {
  readonly #scope: RunScope;
  readonly #preparation: Preparation;
  readonly #services: LaneServices;
  readonly #settings: LaneSettings;
  readonly #pending = new PendingWork();
  readonly #followers: LogFollowers;
  /** Settle when server and VM have ended and that is reported. */
  readonly #exits: Promise<void>[] = [];
  #server: RunningServer | null = null;
  #vm: VmHandle | null = null;
  #session: RemoteSession | null = null;
  /** Digest of the suite that is in the VM. */
  #suiteInVm: string | null = null;
  /** Release of the VM's kernel, where it has said it. */
  #kernel: string | null = null;
  /** This run has tried to start a VM. */
  #bootedVm = false;
  /** Settles when all of the server's log is read. */
  #serverLog: Promise<void> = Promise.resolve();
  /** Ends the sampler of the server that runs. */
  #sampling = new AbortController();
  /** Servers that were replaced on purpose. */
  readonly #retired = new Set<RunningServer>();
  #releasing = false;
  readonly #forced = Promise.withResolvers<void>();
  #graceMs = graceMs;

  constructor(scope: RunScope, preparation: Preparation, services: LaneServices, settings: LaneSettings) {
    this.#scope = scope;
    this.#preparation = preparation;
    this.#services = services;
    this.#settings = settings;
    this.#followers = new LogFollowers(scope.logs);
  }

  attach(controls: StepControls): Promise<void> {
    return this.#pending.track(this.#attach(controls));
  }

  async #attach(controls: StepControls): Promise<void> {
    const { server, vm } = await attachEnvironment(this.#settings.attached, this.#services);
    this.#ownServer(server, controls);
    this.#ownVm(vm, controls);
    this.#suiteInVm = this.#settings.attached?.suiteDigest ?? null;
    const { record } = server;
    controls.report({
      type: 'server.started',
      containerId: record.containerId,
      containerName: record.containerName,
      nfsPort: record.nfsPort,
      mountPort: record.mountPort,
      image: record.identity.image,
      ...(record.imageId === undefined ? {} : { imageId: record.imageId }),
    });
    controls.report({ type: 'vm.started', pid: vm.record.pid, accelerator: vm.record.accelerator, sshPort: vm.record.sshPort });
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
      tail: this.#serverTail,
      onStarted: async (started: RunningServer) => {
        this.#ownServer(started, controls);
        await this.#settings.environment.update({ server: started.record });
      },
    };
    try {
      await startServer(input, this.#services, contextOf(this.#scope, controls));
    } catch (error) {
      // That it is lost is told here; its end, a moment later, is the same news.
      if (this.#server) this.#retired.add(this.#server);
      throw error;
    }
  }

  /** The log of the server that runs; what the ones before it said is no sign of its state. */
  readonly #serverTail: TailOf = (count) => {
    const { path, lines } = tailOf(this.#scope, 'server')(Math.max(count, serverTailLines));
    return { path, lines: lines.slice(lines.lastIndexOf(replacedMark) + 1).slice(-count) };
  };

  startVm(controls: StepControls): Promise<void> {
    return this.#pending.track(this.#startVm(controls));
  }

  async #startVm(controls: StepControls): Promise<void> {
    this.#bootedVm = true;
    await mkdir(vmFiles(this.#scope.options).laneDir, { recursive: true });
    const { runId, options, platform, arch } = this.#scope;
    const { image, cidata, key } = this.#preparation.vmReady;
    const { environment, saved } = this.#settings;
    const input = {
      ...{ runId, options, platform, arch, image, cidata, privateKey: key.privateKey, suite: this.#preparation.suite, saved },
      hostname: options.lane === 0 ? 'nfstest-vm' : `nfstest-vm-${options.lane + 1}`,
      tail: tailOf(this.#scope, 'vm'),
      onStarted: async (vm: VmHandle) => {
        this.#ownVm(vm, controls);
        await environment.update({ vm: vm.record });
      },
      onBooting: async (vm: VmHandle | null) => {
        if (vm) void this.#followers.follow('vm', vm.console({ signal: this.#followers.signal }));
        await environment.update({ vm: vm?.record ?? null });
      },
    };
    const started = await startVm(input, this.#services, contextOf(this.#scope, controls));
    this.#suiteInVm = started.suiteDigest;
    this.#kernel = started.kernel;
    await environment.update({ suiteDigest: started.suiteDigest });
  }

  connect(controls: StepControls): Promise<void> {
    return this.#pending.track(this.#connect(controls));
  }

  async #connect(controls: StepControls): Promise<void> {
    const { privateKey } = await ensureClientKey(vmFiles(this.#scope.options).key);
    this.#session = await connectClient(this.#services.remote, present(this.#vm), privateKey, contextOf(this.#scope, controls), this.#kernel);
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
    const { options, verdict, onLocalDisk = () => false, folder, logs } = this.#scope;
    const input = {
      session: present(this.#session),
      suite: this.#preparation.suite,
      server: present(this.#server).record,
      options,
      testcases,
      local: onLocalDisk(),
    };
    const run = (context: StepContext) => runSuite(input, context);
    const context = contextOf(this.#scope, controls);
    const { nfsPort, mountPort } = input.server;
    const capture = { decoder: this.#services.decoder, keep: options.pcap, prefix: vmFiles(options).capture, nfsPort, mountPort };
    // On the client's own disk nothing goes over the wire.
    const running = input.local ? run(context) : withTraffic({ ...capture, vm: present(this.#vm), folder: folder(), logs }, context, run);
    return this.#pending.track(running.then(verdict));
  }

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
    this.#retired.add(old);
    this.#sampling.abort();
    await old.container.remove({ graceMs });
    await this.#preparation.discardReplaced();
    await within(exitReportMs, this.#serverLog);
    this.#scope.logs.write('server', `${replacedMark}\n`);
    // Whoever uses the environment knows it by this port.
    await this.#startServer(controls, { value: old.record.nfsPort, explicit: true });
  }

  settle(): Promise<void> {
    return this.#pending.settle();
  }

  async diagnose(controls: StepControls): Promise<Outcome> {
    const parts = { nfsPort: present(this.#server).record.nfsPort, session: present(this.#session), serverTail: this.#serverTail };
    return diagnoseTimeout(parts, this.#scope, this.#services.probe, controls.signal);
  }

  async release(controls: StepControls, outcome: Outcome): Promise<void> {
    this.#releasing = true;
    // A step that hangs, for example in an engine that does not answer, must not keep the rest from being stopped.
    await Promise.race([this.#pending.settle(), this.#forced.promise, delay(settleDeadlineMs, controls.signal)]);
    this.#session?.close();
    try {
      if (!this.#leavesRunning(outcome)) await this.#stopOwned(contextOf(this.#scope, controls));
      else if (this.#settings.attached === null) await this.#settings.environment.update({ kept: true });
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

  async #stopOwned(context: StepContext): Promise<void> {
    if (this.#server || this.#vm) await inPhase(context, 'stop', () => this.#stop());
    // A VM that never came up leaves its overlay. Another process's VM keeps its own.
    if (!this.#bootedVm) return;
    const { lane } = this.#scope.options;
    const { overlay, laneDir } = vmFiles(this.#scope.options);
    await (lane === 0 ? rm(overlay, { force: true }) : rm(laneDir, { recursive: true, force: true }));
  }

  async #stop(): Promise<void> {
    // A container that is being removed has no state to show.
    this.#sampling.abort();
    const results = await Promise.allSettled([this.#server?.container.remove({ graceMs: this.#graceMs }), this.#vm?.stop({ graceMs: this.#graceMs })]);
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [messageOf(result.reason)] : []));
    if (failures.length > 0) throw new EnvironmentError(failures.join('; '), 'run `nfstest-tui stop-env` to try again');
    await within(exitReportMs, Promise.all(this.#exits));
    // The other part may belong to another process that goes on.
    await this.#settings.environment.update({ ...(this.#server ? { server: null } : {}), ...(this.#vm ? { vm: null, suiteDigest: null } : {}) });
  }

  #ownServer(server: RunningServer, controls: StepControls): void {
    this.#server = server;
    const { signal } = this.#followers;
    this.#serverLog = this.#followers.follow('server', server.container.logs({ signal }));
    this.#sampling = new AbortController();
    const sampling = AbortSignal.any([signal, this.#sampling.signal]);
    void this.#followers.track(sampleServer(server.container, { ...contextOf(this.#scope, controls), signal: sampling }));
    const unexpected = () => !this.#releasing && !this.#retired.has(server);
    const exit = server.container.exited.then((state) => {
      controls.report({ type: 'server.exited', exitCode: state.exitCode, outOfMemory: state.outOfMemory, unexpected: unexpected() });
      return state;
    });
    this.#exits.push(exit.then(() => {}));
    void exit.then(async (state) => {
      if (!unexpected()) return;
      const why = state.outOfMemory ? 'out of memory' : `exit code ${state.exitCode ?? 'unknown'}`;
      // Its last words come after its end.
      await delay(300, signal).catch(() => {});
      // Replaced meanwhile: its end is no news any more.
      if (!unexpected()) return;
      controls.lose({
        exitCode: ExitCode.serverLost,
        reason: `the server died (${why})`,
        hint: 'its last lines are above, the whole log is in server.log',
        log: this.#serverTail(15),
      });
    });
  }

  #ownVm(vm: VmHandle, controls: StepControls): void {
    this.#vm = vm;
    const { signal } = this.#followers;
    void this.#followers.follow('vm', vm.console({ signal }));
    const exit = vm.exited.then((end) => {
      controls.report({ type: 'vm.exited', exitCode: end.exitCode, signal: end.signal, unexpected: !this.#releasing });
      return end;
    });
    this.#exits.push(exit.then(() => {}));
    void exit.then(async ({ exitCode, signal: name }) => {
      if (this.#releasing) return;
      await delay(300, signal).catch(() => {});
      controls.lose({
        exitCode: ExitCode.clientLost,
        reason: `the client VM ended by itself (${name ?? `exit code ${exitCode ?? 'unknown'}`})`,
        hint: `vm.log has its console, ${vmFiles(this.#scope.options).qemuLog} QEMU's messages`,
        log: tailOf(this.#scope, 'vm')(15),
      });
    });
  }
}

function present<T>(value: T | null): T {
  if (value === null) throw new Error('the machine ran its steps out of order');
  return value;
}
