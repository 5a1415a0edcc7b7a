import { fakeOptions } from '../config/fake-options.ts';
import type { Options } from '../config/options.ts';
import { findRecipe } from '../config/server-recipe.ts';
import type { StepControls } from '../machine/actors.ts';
import type { Outcome } from '../model/verdict.ts';
import { FakeDecoder } from '../services/fake-decoder.ts';
import { FakeEngineService } from '../services/fake-engine.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { FakeVmImageService } from '../services/fake-images.ts';
import { FakePortService, FakeProbeService, FakeProcessTable } from '../services/fake-network.ts';
import { FakeRemoteService } from '../services/fake-remote.ts';
import { FakeEarthlyService, FakeSourceService } from '../services/fake-sources.ts';
import { FakeVmService } from '../services/fake-vm.ts';
import { EnvironmentFile, type EnvironmentRecord, readEnvironment } from './environment.ts';
import { FakeContext } from './fake-context.ts';
import { Lane } from './lane.ts';
import { Preparation } from './preparation.ts';
import type { RunScope } from './run-scope.ts';
import { SavedVms } from './saved-vms.ts';

export interface LabSettings {
  readonly keep?: boolean;
  readonly attached?: EnvironmentRecord | null;
  readonly verdict?: () => Outcome;
}

/** Everything a lane needs, in memory and one folder. */
export class FakeLab {
  /** The run's. */
  readonly folder = fakeFolder();
  options: Options = fakeOptions(fakeFolder(), { SUITE: 'bundled' });
  readonly engine = new FakeEngineService();
  readonly vms = new FakeVmService();
  readonly images = new FakeVmImageService();
  readonly ports = new FakePortService();
  readonly probe = new FakeProbeService();
  readonly remote = new FakeRemoteService();
  readonly decoder = new FakeDecoder();
  readonly context = new FakeContext();
  /** What the lane said it lost. */
  readonly lost: Outcome[] = [];
  /** What the lane took for a hang. */
  readonly suspected: string[] = [];
  accelerators = ['tcg'];
  verdict: Outcome = { exitCode: 0, reason: 'ended with 0', hint: null, log: null };
  /** server.json of another recipe. */
  serverConfig: string | null = null;
  #runs = 0;

  constructor() {
    this.engine.addImage('ganesha:latest');
    this.engine.programs.set('', { output: 'NFS SERVER INITIALIZED\n' });
  }

  controls(signal: AbortSignal = this.context.signal): StepControls {
    return {
      ...{ signal, report: this.context.report },
      lose: (outcome) => this.lost.push(outcome),
      suspect: (reason) => this.suspected.push(reason),
    };
  }

  /** Controls of a step that is not cut off with the others. */
  fresh(): StepControls {
    return this.controls(new AbortController().signal);
  }

  /** A lane with its images ready, as a process would have it. */
  async openLane(settings: LabSettings = {}): Promise<Lane> {
    const { lane, preparation } = await this.open(settings);
    await Promise.all([preparation.serverImage(this.fresh()), preparation.vmImage(this.fresh()), preparation.suiteSource(this.fresh())]);
    return lane;
  }

  /** The steps of a run; nothing is prepared. */
  async open({ keep = false, attached = null, verdict = () => this.verdict }: LabSettings = {}): Promise<{ lane: Lane; preparation: Preparation }> {
    const recipe = findRecipe('ganesha', this.serverConfig);
    const runId = `run-${++this.#runs}`;
    const scope: RunScope = {
      ...{ runId, options: this.options, recipe, server: { name: 'ganesha', title: recipe.title, image: 'ganesha:latest' } },
      ...{ platform: 'linux', arch: 'x64', logs: this.context.logs, folder: () => this.folder, verdict },
      reloadRecipe: () => {},
    };
    const services = {
      ...{ engine: this.engine, vms: this.vms, images: this.images, ports: this.ports, probe: this.probe, remote: this.remote, decoder: this.decoder },
      ...{ sources: new FakeSourceService(), earthly: new FakeEarthlyService(), provision: async () => {}, processes: new FakeProcessTable() },
      ...{ accelerators: async () => this.accelerators, firmware: async () => null, onBooted: async () => {}, qemuVersion: async () => '7.2' },
    };
    const preparation = new Preparation(scope, services);
    const environment = new EnvironmentFile(this.options, runId);
    const existing = await readEnvironment(this.options);
    if (existing) environment.adopt(existing);
    return {
      lane: new Lane(scope, preparation, services, { environment, attached, keep: () => keep, saved: new SavedVms(this.options, services) }),
      preparation,
    };
  }

  /** What still runs. */
  leftovers(): string[] {
    return [
      ...this.engine.containers.filter(({ removed }) => !removed).map(({ name }) => `container ${name}`),
      ...this.vms.vms.filter(({ ended }) => !ended).map(() => 'VM'),
    ];
  }
}
