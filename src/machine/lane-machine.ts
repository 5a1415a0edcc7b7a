import { assign, type DoneActorEvent, type ErrorActorEvent, sendParent, setup } from 'xstate';
import { ExitCode } from '../model/exit-codes.ts';
import { type Outcome, outcomeOfError } from '../model/verdict.ts';
import { type StepEvent, type StepInput, stepInput, unprovided } from './actors.ts';

export interface LaneInput {
  /** `environment`: server and VM are started and left running; `tests`: the testcases run once; `session`: testcases run as often as is asked for. */
  readonly goal: 'environment' | 'tests' | 'session';
  readonly testcases: readonly string[];
  /** Goes on with an environment that runs already. */
  readonly attach: boolean;
  readonly parts: { readonly server: boolean; readonly vm: boolean };
  /** Longest time the testcases may take. */
  readonly timeoutMs: number;
  /** Number of the lane, from 0. */
  readonly lane: number;
}

export type LaneEvent =
  | (StepEvent & { readonly lane?: number })
  | { readonly type: 'run.stop'; readonly outcome: Outcome }
  /** To the run: a session waits for testcases. */
  | { readonly type: 'lane.idle'; readonly lane: number; readonly outcome: Outcome }
  /** To the run: everything of this lane is stopped. */
  | { readonly type: 'lane.ended'; readonly lane: number; readonly outcome: Outcome }
  /** These only in a session. */
  /** `rebuild`: first puts a server built from the sources as they are now in the place of the old one. */
  | { readonly type: 'tests.run'; readonly testcases: readonly string[]; readonly rebuild?: boolean }
  /** Also ends a rebuild under way. */
  | { readonly type: 'tests.stop'; readonly outcome: Outcome }
  | { readonly type: 'server.restart' };

export const ready: Outcome = { exitCode: 0, reason: 'the environment is ready', hint: null, log: null };

/** One server+client pair, from its start to its end. Every way out leads through `stopping`. */
export const laneMachine = setup({
  types: {
    input: {} as LaneInput,
    context: {} as LaneInput & { readonly outcome: Outcome; readonly suspicion: string | null },
    events: {} as LaneEvent,
    output: {} as Outcome,
  },
  actors: {
    attach: unprovided('attach'),
    startServer: unprovided('startServer'),
    startVm: unprovided('startVm'),
    connect: unprovided('connect'),
    upload: unprovided('upload'),
    settle: unprovided('settle'),
    rebuildServer: unprovided('rebuildServer'),
    restartServer: unprovided('restartServer'),
    runSuite: unprovided<Outcome, StepInput & { readonly testcases: readonly string[] }>('runSuite'),
    diagnose: unprovided<Outcome, StepInput & { readonly suspicion: string | null }>('diagnose'),
    release: unprovided<void, StepInput & { readonly outcome: Outcome }>('release'),
  },
  actions: {
    relay: sendParent(({ context, event }) => ({ ...event, lane: context.lane })),
    announceIdle: sendParent(({ context: { lane, outcome } }) => ({ type: 'lane.idle', lane, outcome })),
    announceEnd: sendParent(({ context: { lane, outcome } }) => ({ type: 'lane.ended', lane, outcome })),
    renew: assign({ outcome: ready }),
    /** The suite's verdict, or what the diagnosis found. */
    conclude: assign({ outcome: ({ event }) => (event as unknown as DoneActorEvent<Outcome>).output }),
    fail: assign({ outcome: ({ event }) => outcomeOfError((event as unknown as ErrorActorEvent).error) }),
    end: assign({ outcome: ({ event, context }) => ('outcome' in event ? event.outcome : context.outcome) }),
    /** Why the testcases seem to hang; null where only their time is up. */
    suspect: assign({ suspicion: ({ event }) => ('reason' in event ? event.reason : null) }),
    choose: assign({ testcases: ({ event, context }) => ('testcases' in event ? event.testcases : context.testcases) }),
    force: () => {},
  },
  guards: {
    attaches: ({ context }) => context.attach,
    withoutServer: ({ context }) => !context.parts.server,
    withoutVm: ({ context }) => !context.parts.vm,
    onlyEnvironment: ({ context }) => context.goal === 'environment',
    inSession: ({ context }) => context.goal === 'session',
    clientHangs: ({ event }) => (event as unknown as DoneActorEvent<Outcome>).output?.exitCode === ExitCode.clientLost,
    wantsRebuild: ({ event }) => 'rebuild' in event && event.rebuild === true,
    /** In a session a dead server can be started again. */
    serverLostInSession: ({ context, event }) => context.goal === 'session' && 'outcome' in event && event.outcome.exitCode === ExitCode.serverLost,
  },
  delays: { suiteTimeout: ({ context }) => context.timeoutMs },
}).createMachine({
  id: 'lane',
  context: ({ input }) => ({ ...input, outcome: ready, suspicion: null }),
  initial: 'active',
  on: { report: { actions: 'relay' } },
  output: ({ context }) => context.outcome,
  states: {
    active: {
      initial: 'deciding',
      on: {
        'run.stop': { target: 'stopping', actions: 'end' },
        'part.lost': { target: 'stopping', actions: 'end' },
      },
      states: {
        deciding: { always: [{ guard: 'attaches', target: 'attaching' }, { target: 'starting' }] },
        attaching: {
          invoke: { src: 'attach', input: stepInput, onDone: 'connecting', onError: { target: '#lane.stopping', actions: 'fail' } },
        },
        starting: {
          type: 'parallel',
          states: {
            server: {
              initial: 'deciding',
              states: {
                deciding: { always: [{ guard: 'withoutServer', target: 'ready' }, { target: 'starting' }] },
                starting: { invoke: { src: 'startServer', input: stepInput, onDone: 'ready', onError: { target: '#lane.stopping', actions: 'fail' } } },
                ready: { type: 'final' },
              },
            },
            vm: {
              initial: 'deciding',
              states: {
                deciding: { always: [{ guard: 'withoutVm', target: 'ready' }, { target: 'starting' }] },
                starting: { invoke: { src: 'startVm', input: stepInput, onDone: 'connecting', onError: { target: '#lane.stopping', actions: 'fail' } } },
                connecting: {
                  invoke: {
                    src: 'connect',
                    input: stepInput,
                    onDone: [{ guard: 'onlyEnvironment', target: 'ready' }, { target: 'uploading' }],
                    onError: { target: '#lane.stopping', actions: 'fail' },
                  },
                },
                uploading: { invoke: { src: 'upload', input: stepInput, onDone: 'ready', onError: { target: '#lane.stopping', actions: 'fail' } } },
                ready: { type: 'final' },
              },
            },
          },
          onDone: [
            { guard: 'withoutVm', target: '#lane.stopping' },
            { guard: 'onlyEnvironment', target: '#lane.stopping' },
            { guard: 'inSession', target: 'idle' },
            { target: 'testing' },
          ],
        },
        connecting: {
          invoke: {
            src: 'connect',
            input: stepInput,
            onDone: 'uploading',
            onError: { target: '#lane.stopping', actions: 'fail' },
          },
        },
        uploading: {
          invoke: {
            src: 'upload',
            input: stepInput,
            onDone: [{ guard: 'inSession', target: 'idle' }, { target: 'testing' }],
            onError: { target: '#lane.stopping', actions: 'fail' },
          },
        },
        idle: {
          entry: 'announceIdle',
          on: {
            'tests.run': [
              { guard: 'wantsRebuild', target: 'rebuilding', actions: 'choose' },
              { target: 'testing', actions: 'choose' },
            ],
            'server.restart': 'restarting',
            'part.lost': [
              { guard: 'serverLostInSession', target: 'idle', reenter: true, actions: 'end' },
              { target: '#lane.stopping', actions: 'end' },
            ],
          },
        },
        testing: {
          on: {
            'hang.suspected': { target: 'diagnosing', actions: 'suspect' },
            'tests.stop': { guard: 'inSession', target: 'settling', actions: 'end' },
            'part.lost': [
              { guard: 'serverLostInSession', target: 'settling', actions: 'end' },
              { target: '#lane.stopping', actions: 'end' },
            ],
          },
          invoke: {
            src: 'runSuite',
            input: ({ self, context }) => ({ ...stepInput({ self }), testcases: context.testcases }),
            onDone: [
              { guard: 'inSession', target: 'idle', actions: 'conclude' },
              { target: '#lane.stopping', actions: 'conclude' },
            ],
            onError: { target: '#lane.stopping', actions: 'fail' },
          },
          after: { suiteTimeout: { target: 'diagnosing', actions: 'suspect' } },
        },
        diagnosing: {
          invoke: {
            src: 'diagnose',
            input: ({ self, context }) => ({ ...stepInput({ self }), suspicion: context.suspicion }),
            onDone: [
              // A client that hangs is of no use for the next testcases.
              { guard: 'clientHangs', target: '#lane.stopping', actions: 'conclude' },
              { guard: 'inSession', target: 'settling', actions: 'conclude' },
              { target: '#lane.stopping', actions: 'conclude' },
            ],
            onError: { target: '#lane.stopping', actions: 'fail' },
          },
        },
        /** The suite was cut off; the next one starts when it is gone. */
        settling: { invoke: { src: 'settle', input: stepInput, onDone: 'idle' } },
        /** The old server serves, or is dead, until the new one is built; a build that fails leaves it as it is. */
        rebuilding: {
          on: {
            'tests.stop': { target: 'settling', actions: 'end' },
            'part.lost': [{ guard: 'serverLostInSession' }, { target: '#lane.stopping', actions: 'end' }],
          },
          invoke: { src: 'rebuildServer', input: stepInput, onDone: 'replacing', onError: { target: 'idle', actions: 'fail' } },
        },
        /** A new server that does not start is mended in its sources: the client stays for the next one. */
        replacing: {
          on: {
            'tests.stop': { target: 'settling', actions: 'end' },
            'part.lost': [{ guard: 'serverLostInSession' }, { target: '#lane.stopping', actions: 'end' }],
          },
          invoke: { src: 'restartServer', input: stepInput, onDone: 'testing', onError: { target: 'idle', actions: 'fail' } },
        },
        restarting: {
          invoke: {
            src: 'restartServer',
            input: stepInput,
            onDone: { target: 'idle', actions: 'renew' },
            onError: { target: '#lane.stopping', actions: 'fail' },
          },
        },
      },
    },
    stopping: {
      on: { 'run.stop': { actions: 'force' } },
      invoke: {
        src: 'release',
        input: ({ self, context }) => ({ ...stepInput({ self }), outcome: context.outcome }),
        onDone: 'done',
        // What can't be stopped weighs more than what was found: someone has to look after it.
        onError: { target: 'done', actions: 'fail' },
      },
    },
    done: { entry: 'announceEnd', type: 'final' },
  },
});
