import { type Actor, createActor, SimulatedClock } from 'xstate';
import type { EventBody } from '../model/events.ts';
import type { Outcome } from '../model/verdict.ts';
import { type LaneSteps, laneActors, type PrepareSteps, prepareActors, type StepControls } from './actors.ts';
import { laneMachine } from './lane-machine.ts';
import { type RunInput, runMachine } from './run-machine.ts';

export type StepName = Exclude<keyof PrepareSteps | keyof LaneSteps, 'force'>;

/** `ok`: done at once; `hang`: works until it is cut off; an error: fails with it; an outcome: what the suite or the diagnosis says. */
export type StepScript = 'ok' | 'hang' | Error | Outcome;

export const outcomeWith = (exitCode: Outcome['exitCode'], reason = `ended with ${exitCode}`): Outcome => ({ exitCode, reason, hint: null, log: null });

/** Steps without work: they follow a script and write down what happens, in order. */
export class FakeSteps implements PrepareSteps, LaneSteps {
  readonly script: Partial<Record<StepName, StepScript>>;
  /** `startVm`, `startVm cut off`, `startVm tidied up`, … */
  readonly log: string[] = [];
  /** Controls of the steps that began. */
  readonly controls = new Map<StepName, StepControls>();
  readonly released: Outcome[] = [];
  /** Testcases of every suite that began. */
  readonly selections: (readonly string[])[] = [];
  readonly #finishing = new Map<StepName, () => void>();
  #tidying: Promise<void>[] = [];
  #forced = Promise.withResolvers<void>();

  constructor(script: Partial<Record<StepName, StepScript>> = {}) {
    this.script = script;
  }

  readonly serverImage = (controls: StepControls) => this.#play('serverImage', controls);
  readonly vmImage = (controls: StepControls) => this.#play('vmImage', controls);
  readonly suiteSource = (controls: StepControls) => this.#play('suiteSource', controls);
  readonly attach = (controls: StepControls) => this.#play('attach', controls);
  readonly startServer = (controls: StepControls) => this.#play('startServer', controls);
  readonly startVm = (controls: StepControls) => this.#play('startVm', controls);
  readonly connect = (controls: StepControls) => this.#play('connect', controls);
  readonly upload = (controls: StepControls) => this.#play('upload', controls);
  readonly rebuildServer = (controls: StepControls) => this.#play('rebuildServer', controls);
  readonly restartServer = (controls: StepControls) => this.#play('restartServer', controls);
  readonly runSuite = (controls: StepControls, testcases: readonly string[]) => {
    this.selections.push(testcases);
    return this.#verdict('runSuite', controls);
  };
  readonly diagnose = (controls: StepControls) => this.#verdict('diagnose', controls);

  async settle(): Promise<void> {
    if (this.script.settle === 'hang') await this.#forced.promise;
    await Promise.all(this.#tidying);
    this.log.push('settle');
  }

  async release(controls: StepControls, outcome: Outcome): Promise<void> {
    await Promise.all(this.#tidying);
    this.log.push('release');
    this.released.push(outcome);
    this.controls.set('release', controls);
    if (this.script.release === 'hang') await this.#forced.promise;
    if (this.script.release instanceof Error) throw this.script.release;
  }

  /** Brings a step that hangs to its end. */
  finish(name: StepName): void {
    this.#finishing.get(name)?.();
  }

  force(): void {
    this.log.push('force');
    this.#forced.resolve();
  }

  async #verdict(name: 'runSuite' | 'diagnose', controls: StepControls): Promise<Outcome> {
    await this.#play(name, controls);
    const script = this.script[name];
    return typeof script === 'object' && 'exitCode' in script ? script : outcomeWith(0);
  }

  async #play(name: StepName, controls: StepControls): Promise<void> {
    this.log.push(name);
    this.controls.set(name, controls);
    const script = this.script[name];
    if (script instanceof Error) throw script;
    if (script !== 'hang') return;
    const tidied = Promise.withResolvers<void>();
    this.#tidying.push(tidied.promise);
    const finished = await new Promise<boolean>((resolve) => {
      this.#finishing.set(name, () => resolve(true));
      controls.signal.addEventListener('abort', () => {
        this.log.push(`${name} cut off`);
        resolve(false);
      });
    });
    if (finished) {
      tidied.resolve();
      return;
    }
    // Tidying up takes its time; nobody may go on before.
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.log.push(`${name} tidied up`);
    tidied.resolve();
    controls.signal.throwIfAborted();
  }
}

export interface FakeRun {
  readonly steps: FakeSteps;
  readonly actor: Actor<typeof runMachine>;
  readonly clock: SimulatedClock;
  /** What the machine emitted. */
  readonly bodies: readonly EventBody[];
  readonly ended: Promise<Outcome>;
  /** Resolves when that step has begun. */
  begun(name: StepName): Promise<void>;
}

const started: EventBody = {
  type: 'run.started',
  server: { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' },
  nfsVersion: '3',
  testcases: ['open'],
  program: '0',
};

/** Starts a run of the real machines over scripted steps. */
export function startFakeRun(
  script: FakeSteps['script'] = {},
  { goal = 'tests', ...lane }: Partial<RunInput['lane']> & Pick<Partial<RunInput>, 'goal'> = {},
): FakeRun {
  const steps = new FakeSteps(script);
  const clock = new SimulatedClock();
  const machine = runMachine.provide({
    actors: { ...prepareActors(steps), lane: laneMachine.provide({ actors: laneActors(steps), actions: { force: () => steps.force() } }) },
  });
  const input = { goal, started, lane: { testcases: ['open'], attach: false, parts: { server: true, vm: true }, timeoutMs: 60_000, lane: 0, ...lane } };
  const actor = createActor(machine, { input, clock });
  const bodies: EventBody[] = [];
  actor.on('event', ({ body }) => bodies.push(body));
  const ended = new Promise<Outcome>((resolve, reject) => {
    actor.subscribe({ complete: () => resolve(actor.getSnapshot().output ?? outcomeWith(3, 'no output')), error: reject });
  });
  actor.start();
  const begun = async (name: StepName) => {
    while (!steps.controls.has(name)) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return { steps, actor, clock, bodies, ended, begun };
}
