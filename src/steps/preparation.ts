import type { PrepareSteps, StepControls } from '../machine/actors.ts';
import { EnvironmentError } from '../model/errors.ts';
import type { SourceService } from '../services/types.ts';
import { PendingWork } from './pending-work.ts';
import { contextOf, type RunScope, tailOf } from './run-scope.ts';
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
  /** Images of ours that lost their tag while a server still ran on them. */
  #replaced: string[] = [];
  #vm: PreparedVm | null = null;
  #suite: Suite | null = null;

  constructor(scope: RunScope, services: PreparationServices) {
    this.#scope = scope;
    this.#services = services;
  }

  get serverImageReady(): ServerImage {
    return known(this.#serverImage, 'server image');
  }

  /** Null where nothing was built: an attached environment brought its own. */
  get rebuiltImage(): ServerImage | null {
    return this.#serverImage;
  }

  get vmReady(): PreparedVm {
    return known(this.#vm, 'VM image');
  }

  get suite(): Suite {
    return known(this.#suite, 'suite');
  }

  serverImage(controls: StepControls): Promise<void> {
    return this.#track(async () => {
      const { options, recipe } = this.#scope;
      const image = await prepareServerImage(options, recipe, this.#services, contextOf(this.#scope, controls)).catch((error) => {
        throw withBuildLog(error, this.#scope);
      });
      if (image.replaced !== undefined) this.#replaced.push(image.replaced);
      this.#serverImage = image;
    });
  }

  /** Removes images that were built over, once no server runs on them; nobody would find them again. */
  async discardReplaced(): Promise<void> {
    const ids = this.#replaced;
    this.#replaced = [];
    for (const id of ids) await this.#services.engine.removeImage(id).catch(() => this.#replaced.push(id));
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

/** Why a build failed stands in its last lines. */
function withBuildLog(error: unknown, scope: RunScope): unknown {
  if (!(error instanceof EnvironmentError) || error.log !== undefined) return error;
  const log = tailOf(scope, 'build')(15);
  return log.lines.length === 0 ? error : new EnvironmentError(error.message, error.hint, { exitCode: error.exitCode, log, cause: error });
}

function known<T>(value: T | null, what: string): T {
  if (value === null) throw new EnvironmentError(`the ${what} is not prepared`, 'this is a bug: the machine ran its steps out of order');
  return value;
}
