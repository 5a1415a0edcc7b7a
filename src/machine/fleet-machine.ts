import { type ActorRefFrom, enqueueActions, sendParent, setup } from 'xstate';
import { ExitCode } from '../model/exit-codes.ts';
import type { Outcome } from '../model/verdict.ts';
import { type Fleet, finishTestcase, fleetOutcome, handOut, isUnderWay, loseLane, newFleet, withLane } from './fleet.ts';
import { type LaneEvent, type LaneInput, type laneMachine, ready } from './lane-machine.ts';

export interface FleetSettings {
  /** One machine per lane, with its own actors. */
  readonly lanes: readonly (typeof laneMachine)[];
  /** Cuts testcases into as many parts of about the same duration as there are lanes. */
  readonly spread: (testcases: readonly string[], lanes: number) => readonly (readonly string[])[];
}

interface FleetContext extends LaneInput {
  readonly fleet: Fleet;
  readonly refs: readonly LaneRef[];
  /** Why everything is being stopped; null while it isn't. */
  readonly stop: Outcome | null;
}

type LaneRef = ActorRefFrom<typeof laneMachine>;
/** XState types `spawn` for the actors that a set-up names; here each lane is a machine of its own. */
type SpawnLane = (machine: typeof laneMachine, options: { readonly id: string; readonly input: LaneInput }) => LaneRef;

/**
 * Several lanes in the place of one: the same input, events and output as a lane's machine.
 * Each lane runs as a session; what a lane that dies has not finished is given to the others.
 */
export const fleetMachine = ({ lanes, spread }: FleetSettings) =>
  setup({
    types: { input: {} as LaneInput, context: {} as FleetContext, events: {} as LaneEvent, output: {} as Outcome },
    actions: {
      relay: sendParent(({ event }) => event),
      /** Keeps the books of an event, then does what follows from them. */
      advance: enqueueActions(({ context, event, enqueue }) => {
        let fleet = account(context, event);
        let { stop } = context;
        const send = (index: number, message: LaneEvent) => {
          const ref = context.refs[index];
          if (ref !== undefined) enqueue.sendTo(ref, message);
        };
        const stopLanes = (outcome: Outcome) => {
          for (const [index, { status }] of fleet.lanes.entries()) {
            if (status === 'ended') continue;
            send(index, { type: 'run.stop', outcome });
            fleet = withLane(fleet, index, { status: 'ending' });
          }
        };
        if (event.type === 'run.stop') {
          stop ??= event.outcome;
          stopLanes(event.outcome);
        } else if (event.type === 'tests.stop') {
          fleet = { ...fleet, waiting: [] };
          for (const [index, { status }] of fleet.lanes.entries()) if (status === 'testing') send(index, event);
        } else if (event.type === 'server.restart') {
          for (const [index, { status }] of fleet.lanes.entries()) {
            if (status !== 'idle' && status !== 'broken') continue;
            send(index, event);
            fleet = withLane(fleet, index, { status: 'starting' });
          }
        }
        if (context.goal !== 'session') {
          for (const [index, { status }] of fleet.lanes.entries()) {
            if (status !== 'broken') continue;
            send(index, { type: 'run.stop', outcome: fleet.loss ?? ready });
            fleet = withLane(fleet, index, { status: 'ending' });
          }
        }
        const given = stop === null ? handOut(fleet, spread) : null;
        if (given !== null) {
          fleet = given.fleet;
          for (const [index, testcases] of given.shares) send(index, { type: 'tests.run', testcases });
        } else if (event.type !== 'report' && stop === null && !fleet.lanes.some(isUnderWay)) {
          const outcome = fleetOutcome(fleet);
          if (context.goal === 'session' && fleet.lanes.some(({ status }) => status !== 'ended')) {
            enqueue.sendParent({ type: 'lane.idle', lane: 0, outcome: outcome ?? ready });
          } else {
            stop = outcome ?? ready;
            stopLanes(stop);
          }
        }
        enqueue.assign({ fleet, stop });
      }),
    },
    guards: {
      allEnded: ({ context }) => context.fleet.lanes.every(({ status }) => status === 'ended'),
    },
  }).createMachine({
    id: 'fleet',
    context: ({ input, spawn }) => ({
      ...input,
      fleet: newFleet(lanes.length, input.goal === 'tests' ? input.testcases : []),
      refs: lanes.map((machine, lane) => (spawn as unknown as SpawnLane)(machine, { id: `lane-${lane}`, input: { ...input, goal: 'session' as const, lane } })),
      stop: null,
    }),
    initial: 'active',
    output: ({ context }) => context.stop ?? ready,
    states: {
      active: {
        always: { guard: 'allEnded', target: 'done' },
        on: {
          report: { actions: ['relay', 'advance'] },
          'lane.idle': { actions: 'advance' },
          'lane.ended': { actions: 'advance' },
          'tests.run': { actions: 'advance' },
          'tests.stop': { actions: 'advance' },
          'server.restart': { actions: 'advance' },
          'run.stop': { actions: 'advance' },
        },
      },
      done: { type: 'final' },
    },
  });

/** The books after an event. */
function account({ fleet, stop }: FleetContext, event: LaneEvent): Fleet {
  switch (event.type) {
    case 'report': {
      const { body, lane = 0 } = event;
      return body.type === 'testcase.finished' && body.verdict !== 'not-run' ? finishTestcase(fleet, lane, body.testcase) : fleet;
    }
    case 'lane.idle': {
      const { lane, outcome } = event;
      if (outcome.exitCode === ExitCode.serverLost || outcome.exitCode === ExitCode.clientLost) {
        return withLane(loseLane(fleet, lane, outcome), lane, { status: 'broken' });
      }
      const tested = fleet.lanes[lane]?.status === 'testing';
      return withLane(tested ? { ...fleet, verdict: outcome } : fleet, lane, { status: 'idle', unfinished: [] });
    }
    case 'lane.ended': {
      const { lane, outcome } = event;
      const ended = withLane(fleet, lane, { status: 'ended' });
      return stop === null ? loseLane(ended, lane, outcome) : ended;
    }
    case 'tests.run':
      return { ...fleet, waiting: event.testcases, retried: [], dropped: [], loss: null, verdict: null };
    case 'server.restart':
      return { ...fleet, loss: null };
    default:
      return fleet;
  }
}
