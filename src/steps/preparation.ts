import type { PrepareSteps, StepControls } from '../machine/actors.ts';
import { EnvironmentError } from '../model/errors.ts';
import type { SourceService } from '../services/types.ts';
import { PendingWork } from './pending-work.ts';
import { contextOf, type RunScope } from './run-scope.ts';
import { prepareServerImage, type ServerImage, type ServerImageServices } from './server-image.ts';
import { prepareSuite, type Suite } from './suite-source.ts';
import { type PreparedVm, prepareVmImage, type VmImageServices } from './vm-image.ts';

export type PreparationServices = ServerImageServices & VmImageServices & { readonly sources: SourceService };

/** Images and suite of a run, as they become known. */
export class Preparation implements PrepareSteps {
  readonly #scope: RunScope;
  readonly #services: PreparationServices;
  readonly #pending = new PendingWork();
  #serverImage: ServerImage | null = null;
  #vm: PreparedVm | null = null;
  #suite: Suite | null = null;

  constructor(scope: RunScope, services: PreparationServices) {
    this.#scope = scope;
    this.#services = services;
  }

  get serverImageReady(): ServerImage {
    return known(this.#serverImage, 'server image');
  }

  get vmReady(): PreparedVm {
    return known(this.#vm, 'VM image');
  }

  get suite(): Suite {
    return known(this.#suite, 'suite');
  }

  serverImage(controls: StepControls): Promise<void> {
    const { options, recipe } = this.#scope;
    return this.#track(async () => {
      this.#serverImage = await prepareServerImage(options, recipe, this.#services, contextOf(this.#scope, controls));
    });
  }

  vmImage(controls: StepControls): Promise<void> {
    const { options, platform, arch } = this.#scope;
    return this.#track(async () => {
      this.#vm = await prepareVmImage(options, platform, arch, this.#services, contextOf(this.#scope, controls));
    });
  }

  suiteSource(controls: StepControls): Promise<void> {
    return this.#track(async () => {
      this.#suite = await prepareSuite(this.#scope.options, this.#services.sources, contextOf(this.#scope, controls));
    });
  }

  settle(): Promise<void> {
    return this.#pending.settle();
  }

  #track(work: () => Promise<void>): Promise<void> {
    return this.#pending.track(work());
  }
}

function known<T>(value: T | null, what: string): T {
  if (value === null) throw new EnvironmentError(`the ${what} is not prepared`, 'this is a bug: the machine ran its steps out of order');
  return value;
}
