import { fromPromise, type PromiseActorLogic } from 'xstate';
import type { EventBody } from '../model/events.ts';
import type { Outcome } from '../model/verdict.ts';

/** What the machine gives a step that it runs. */
export interface StepControls {
  /** Fires when the machine leaves the state that runs the step. */
  readonly signal: AbortSignal;
  report(body: EventBody): void;
  /** Says that server or VM went away by itself, now or at any time later. */
  lose(outcome: Outcome): void;
  /** Says that the testcases seem to hang, and why: they are looked into and ended. */
  suspect(reason: string): void;
}

/** The work of a run before there is a server or a VM. */
export interface PrepareSteps {
  serverImage(controls: StepControls): Promise<void>;
  vmImage(controls: StepControls): Promise<void>;
  suiteSource(controls: StepControls): Promise<void>;
  /** Waits for steps that were cut off to have tidied up. */
  settle(): Promise<void>;
}

/** The work of one server+client pair. */
export interface LaneSteps {
  /** Takes up an environment that another process started. */
  attach(controls: StepControls): Promise<void>;
  startServer(controls: StepControls): Promise<void>;
  startVm(controls: StepControls): Promise<void>;
  connect(controls: StepControls): Promise<void>;
  upload(controls: StepControls): Promise<void>;
  runSuite(controls: StepControls, testcases: readonly string[]): Promise<Outcome>;
  /** Builds the server's image again from its recipe and sources as they are now. */
  rebuildServer(controls: StepControls): Promise<void>;
  /** Puts a new server in the place of the one that runs or died, on the same ports. */
  restartServer(controls: StepControls): Promise<void>;
  /** Waits for steps that were cut off to have tidied up. */
  settle(): Promise<void>;
  /** Finds out which part hangs: when the time is up, or where there is a reason to suspect it. */
  diagnose(controls: StepControls, suspicion: string | null): Promise<Outcome>;
  /** Ends what has to end, after steps that were cut off have tidied up. */
  release(controls: StepControls, outcome: Outcome): Promise<void>;
  /** Makes a release that is under way stop waiting. */
  force(): void;
}

export type StepInput = Omit<StepControls, 'signal'>;
/** What a running step may tell its machine. */
export type StepEvent =
  | { readonly type: 'report'; readonly body: EventBody }
  | { readonly type: 'part.lost'; readonly outcome: Outcome }
  | { readonly type: 'hang.suspected'; readonly reason: string };

export type StepActor<Output = void> = PromiseActorLogic<Output, StepInput>;

/** Where a step's reports go: to the machine that runs it. */
export const stepInput = ({ self }: { readonly self: { send(event: StepEvent): void } }): StepInput => ({
  report: (body) => self.send({ type: 'report', body }),
  lose: (outcome) => self.send({ type: 'part.lost', outcome }),
  suspect: (reason) => self.send({ type: 'hang.suspected', reason }),
});

/** Stands in for an actor until the machine is given its own; running it is a bug. */
export const unprovided = <Output = void, Input = StepInput>(name: string): PromiseActorLogic<Output, Input> =>
  fromPromise(() => Promise.reject(new Error(`the machine was not given its actor '${name}'`)));

const step = <Output>(work: (controls: StepControls) => Promise<Output>): StepActor<Output> => fromPromise(({ input, signal }) => work({ ...input, signal }));

/** The actors of the run machine, made of steps. */
export const prepareActors = (steps: PrepareSteps) => ({
  serverImage: step((controls) => steps.serverImage(controls)),
  vmImage: step((controls) => steps.vmImage(controls)),
  suiteSource: step((controls) => steps.suiteSource(controls)),
  settle: step(() => steps.settle()),
});

/** The actors of the lane machine, made of steps. */
export const laneActors = (steps: LaneSteps) => ({
  attach: step((controls) => steps.attach(controls)),
  startServer: step((controls) => steps.startServer(controls)),
  startVm: step((controls) => steps.startVm(controls)),
  connect: step((controls) => steps.connect(controls)),
  upload: step((controls) => steps.upload(controls)),
  runSuite: fromPromise<Outcome, StepInput & { readonly testcases: readonly string[] }>(({ input: { testcases, ...input }, signal }) =>
    steps.runSuite({ ...input, signal }, testcases),
  ),
  rebuildServer: step((controls) => steps.rebuildServer(controls)),
  restartServer: step((controls) => steps.restartServer(controls)),
  settle: step(() => steps.settle()),
  diagnose: fromPromise<Outcome, StepInput & { readonly suspicion: string | null }>(({ input: { suspicion, ...input }, signal }) =>
    steps.diagnose({ ...input, signal }, suspicion),
  ),
  release: fromPromise<void, StepInput & { readonly outcome: Outcome }>(({ input: { outcome, ...input }, signal }) =>
    steps.release({ ...input, signal }, outcome),
  ),
});
