import { assign, type ErrorActorEvent, emit, forwardTo, setup } from 'xstate';
import type { EventBody } from '../model/events.ts';
import { type Outcome, outcomeOfError } from '../model/verdict.ts';
import { stepInput, unprovided } from './actors.ts';
import { type LaneEvent, type LaneInput, laneMachine } from './lane-machine.ts';

export interface RunInput {
  /** `build`: images and suite only. */
  readonly goal: LaneInput['goal'] | 'build';
  readonly lane: Omit<LaneInput, 'goal'>;
  /** The first event of the run. */
  readonly started: EventBody;
}

/** What the machine emits. */
export type RunEmitted =
  /** For the journal. */
  | { readonly type: 'event'; readonly body: EventBody; readonly lane: number }
  /** A session waits for testcases; how the last ones, or the start, ended. */
  | { readonly type: 'idle'; readonly outcome: Outcome };

const built: Outcome = { exitCode: 0, reason: 'everything is built', hint: null, log: null };

/** A run: images and suite side by side, then the lane. */
export const runMachine = setup({
  types: {
    input: {} as RunInput,
    context: {} as RunInput & { readonly outcome: Outcome },
    events: {} as LaneEvent,
    emitted: {} as RunEmitted,
    output: {} as Outcome,
  },
  actors: {
    serverImage: unprovided('serverImage'),
    vmImage: unprovided('vmImage'),
    suiteSource: unprovided('suiteSource'),
    settle: unprovided('settle'),
    lane: laneMachine,
  },
  actions: {
    announce: emit(({ context }) => ({ type: 'event' as const, body: context.started, lane: 0 })),
    wait: emit(({ event }) => ({ type: 'idle' as const, outcome: (event as Extract<LaneEvent, { type: 'lane.idle' }>).outcome })),
    publish: emit(({ event }) => {
      const { body, lane = 0 } = event as Extract<LaneEvent, { type: 'report' }>;
      return { type: 'event' as const, body, lane };
    }),
    fail: assign({ outcome: ({ event }) => outcomeOfError((event as unknown as ErrorActorEvent).error) }),
    end: assign({ outcome: ({ event, context }) => ('outcome' in event ? event.outcome : context.outcome) }),
  },
  guards: {
    withoutServer: ({ context }) => !context.lane.parts.server || context.lane.attach,
    withoutVm: ({ context }) => !context.lane.parts.vm || context.lane.attach,
    /** A VM is saved with the suite in it. */
    withoutSuite: ({ context }) => context.goal === 'environment' && !context.lane.parts.vm,
    onlyBuild: ({ context }) => context.goal === 'build',
  },
}).createMachine({
  id: 'run',
  context: ({ input }) => ({ ...input, outcome: built }),
  entry: 'announce',
  initial: 'preparing',
  on: { report: { actions: 'publish' }, 'lane.idle': { actions: 'wait' } },
  output: ({ context }) => context.outcome,
  states: {
    preparing: {
      type: 'parallel',
      on: { 'run.stop': { target: 'settling', actions: 'end' } },
      states: {
        serverImage: {
          initial: 'deciding',
          states: {
            deciding: { always: [{ guard: 'withoutServer', target: 'ready' }, { target: 'building' }] },
            building: { invoke: { src: 'serverImage', input: stepInput, onDone: 'ready', onError: { target: '#run.settling', actions: 'fail' } } },
            ready: { type: 'final' },
          },
        },
        vmImage: {
          initial: 'deciding',
          states: {
            deciding: { always: [{ guard: 'withoutVm', target: 'ready' }, { target: 'building' }] },
            building: { invoke: { src: 'vmImage', input: stepInput, onDone: 'ready', onError: { target: '#run.settling', actions: 'fail' } } },
            ready: { type: 'final' },
          },
        },
        suiteSource: {
          initial: 'deciding',
          states: {
            deciding: { always: [{ guard: 'withoutSuite', target: 'ready' }, { target: 'fetching' }] },
            fetching: { invoke: { src: 'suiteSource', input: stepInput, onDone: 'ready', onError: { target: '#run.settling', actions: 'fail' } } },
            ready: { type: 'final' },
          },
        },
      },
      onDone: [{ guard: 'onlyBuild', target: 'done' }, { target: 'running' }],
    },
    running: {
      on: {
        'run.stop': { actions: forwardTo('lane') },
        'tests.run': { actions: forwardTo('lane') },
        'tests.stop': { actions: forwardTo('lane') },
        'server.restart': { actions: forwardTo('lane') },
      },
      invoke: {
        id: 'lane',
        src: 'lane',
        input: ({ context }) => ({ ...context.lane, goal: context.goal === 'build' ? 'environment' : context.goal }),
        onDone: { target: 'done', actions: assign({ outcome: ({ event }) => event.output }) },
        onError: { target: 'done', actions: 'fail' },
      },
    },
    // A second wish to stop does not wait for what is being tidied up.
    settling: { on: { 'run.stop': 'done' }, invoke: { src: 'settle', input: stepInput, onDone: 'done', onError: 'done' } },
    done: { type: 'final' },
  },
});
