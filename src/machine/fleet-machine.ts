import { type ActorRefFrom, enqueueActions, sendParent, setup } from 'xstate';
import { ExitCode } from '../model/exit-codes.ts';
import type { Outcome } from '../model/verdict.ts';
import {
  askFor,
  describeLoss,
  type Fleet,
  finishShare,
  finishTestcase,
  fleetOutcome,
  handOut,
  isDeath,
  isReplaceable,
  isUnderWay,
  type LaneStatus,
  loseLane,
  mayReplace,
  newFleet,
  renew,
  replaceLane,
  startTestcase,
  withLane,
} from './fleet.ts';
import { type LaneEvent, type LaneInput, type laneMachine, ready } from './lane-machine.ts';

export interface FleetSettings {
  /** One machine per lane, with its own actors. */
  readonly lanes: readonly (typeof laneMachine)[];
  /** Makes another one for a lane that was lost; null: what is lost stays lost. */
  readonly replace?: ((lane: number) => typeof laneMachine) | null;
  /** Cuts testcases into as many parts of about the same duration as there are lanes. */
  readonly spread: (testcases: readonly string[], lanes: number) => readonly (readonly string[])[];
  /** The verdict over everything that ran so far. */
  readonly verdict: () => Outcome;
}

interface FleetContext extends LaneInput {
  readonly fleet: Fleet;
  readonly refs: readonly LaneRef[];
  /** Why everything is being stopped; null while it isn't. */
  readonly stop: Outcome | null;
}

/** XState's own word of a lane's end. */
interface LaneDone {
  readonly type: `xstate.done.actor.${string}`;
}

type LaneRef = ActorRefFrom<typeof laneMachine>;
/** XState types `spawn` for the actors that a set-up names; here each lane is a machine of its own. */
type SpawnLane = (machine: typeof laneMachine, options: { readonly id: string; readonly input: LaneInput }) => LaneRef;

const spawnLane = (spawn: unknown, machine: typeof laneMachine, { attach, parts, testcases, timeoutMs, lane }: LaneInput, id: string): LaneRef =>
  (spawn as SpawnLane)(machine, { id, input: { goal: 'session', attach, parts, testcases, timeoutMs, lane } });

/**
 * Several lanes in the place of one: the same input, events and output as a lane's machine.
 * Each lane runs as a session; what a lane that dies has not finished is given to the others, or to the one that takes its place.
 */
export const fleetMachine = ({ lanes, spread, verdict, replace = null }: FleetSettings) =>
  setup({
    types: { input: {} as LaneInput, context: {} as FleetContext, events: {} as LaneEvent | LaneDone, output: {} as Outcome },
    actions: {
      relay: sendParent(({ event }) => event),
      /** Keeps the books of an event, then does what follows from them. */
      advance: enqueueActions(({ context, event: received, enqueue }) => {
        // Only a lane's events lead here.
        const event = received as LaneEvent;
        let fleet = account(context, event);
        let { stop } = context;
        const send = (index: number, message: LaneEvent) => {
          const ref = context.refs[index];
          if (ref !== undefined) enqueue.sendTo(ref, message);
        };
        const endLane = (index: number, outcome: Outcome) => {
          send(index, { type: 'run.stop', outcome });
          fleet = withLane(fleet, index, { status: 'ending' });
        };
        const each = (matches: (status: LaneStatus) => boolean, act: (index: number) => void) => {
          for (const [index, { status }] of fleet.lanes.entries()) if (matches(status)) act(index);
        };
        const loss = lossIn(context, event);
        if (loss !== null) {
          const message = describeLoss(context.fleet, loss.lane, loss.outcome, replace !== null && mayReplace(context.fleet.lanes[loss.lane], loss.outcome));
          enqueue.sendParent({ type: 'report', lane: loss.lane, body: { type: 'note.reported', level: 'warning', message } });
        }
        if (event.type === 'run.stop') {
          // The second wish to stop is told to all: a lane that is stopping already stops waiting.
          const isSecond = stop !== null;
          stop ??= event.outcome;
          each(
            (status) => status !== 'ended' && (isSecond || status !== 'ending'),
            (index) => endLane(index, event.outcome),
          );
        } else if (event.type === 'tests.stop') {
          each(
            (status) => status === 'testing',
            (index) => send(index, event),
          );
        } else if (event.type === 'server.restart') {
          each(
            (status) => status === 'idle' || status === 'broken',
            (index) => {
              send(index, event);
              fleet = withLane(fleet, index, { status: 'starting' });
            },
          );
        }
        // In a session a dead server can be started again; a client can't.
        if (loss !== null && (context.goal !== 'session' || loss.outcome.exitCode === ExitCode.clientLost)) {
          each(
            (status) => status === 'broken',
            (index) => index === loss.lane && endLane(index, loss.outcome),
          );
        }
        const ended = event.type === 'lane.ended' ? fleet.lanes[event.lane] : undefined;
        if (replace !== null && stop === null && context.goal === 'tests' && event.type === 'lane.ended' && ended && isReplaceable(fleet, ended)) {
          const { lane } = event;
          fleet = replaceLane(fleet, lane);
          const attempt = fleet.lanes[lane]?.replacements ?? 1;
          enqueue.assign(({ context: { refs, ...input }, spawn }) => ({
            refs: refs.with(lane, spawnLane(spawn, replace(lane), { ...input, lane }, `lane-${lane}-${attempt}`)),
          }));
          enqueue.sendParent({ type: 'report', lane, body: { type: 'lane.replaced', attempt, reason: ended.lost?.reason ?? '' } });
        }
        const given = stop === null ? handOut(fleet, spread) : null;
        if (given !== null) {
          fleet = given.fleet;
          for (const [index, testcases] of given.shares) send(index, { type: 'tests.run', testcases });
        } else if (event.type !== 'report' && stop === null && !fleet.lanes.some(isUnderWay)) {
          const outcome = fleetOutcome(fleet, verdict) ?? ready;
          if (context.goal === 'session' && fleet.lanes.some(({ status }) => status !== 'ended')) {
            enqueue.sendParent({ type: 'lane.idle', lane: 0, outcome });
          } else {
            stop = outcome;
            each(
              (status) => status !== 'ended',
              (index) => endLane(index, outcome),
            );
          }
        }
        enqueue.assign({ fleet, stop });
      }),
    },
    guards: {
      inSession: ({ context }) => context.goal === 'session',
      /** As in a lane: what comes too early is not taken. */
      idleInSession: ({ context }) => context.goal === 'session' && context.stop === null && !context.fleet.lanes.some(isUnderWay),
      allEnded: ({ context }) => context.fleet.lanes.every(({ status }) => status === 'ended'),
    },
  }).createMachine({
    id: 'fleet',
    context: ({ input, spawn }) => ({
      ...input,
      fleet: newFleet(lanes.length, input.goal === 'tests' ? input.testcases : []),
      refs: lanes.map((machine, lane) => spawnLane(spawn, machine, { ...input, lane }, `lane-${lane}`)),
      stop: null,
    }),
    initial: 'active',
    output: ({ context }) => context.fleet.leftover ?? context.stop ?? ready,
    states: {
      active: {
        on: {
          // Comes after a lane's own `lane.ended`; nothing may be on its way when this machine ends.
          'xstate.done.actor.*': { guard: 'allEnded', target: 'done' },
          report: { actions: ['relay', 'advance'] },
          'lane.idle': { actions: 'advance' },
          'lane.ended': { actions: 'advance' },
          'tests.run': { guard: 'idleInSession', actions: 'advance' },
          'tests.stop': { guard: 'inSession', actions: 'advance' },
          'server.restart': { guard: 'idleInSession', actions: 'advance' },
          'run.stop': { actions: 'advance' },
        },
      },
      done: { type: 'final' },
    },
  });

/** The loss that an event tells of; a lane that was told to end is none. */
function lossIn({ fleet }: FleetContext, event: LaneEvent): { readonly lane: number; readonly outcome: Outcome } | null {
  if (event.type !== 'lane.ended' && event.type !== 'lane.idle') return null;
  const { lane, outcome } = event;
  if (fleet.lanes[lane]?.status === 'ending') return null;
  return event.type === 'lane.ended' || isDeath(outcome) ? { lane, outcome } : null;
}

/** The books after an event. */
function account(context: FleetContext, event: LaneEvent): Fleet {
  const { fleet } = context;
  switch (event.type) {
    case 'report': {
      const { body, lane = 0 } = event;
      if (body.type === 'testcase.started') return startTestcase(fleet, lane, body.testcase);
      return body.type === 'testcase.finished' && body.verdict !== 'not-run' ? finishTestcase(fleet, lane, body.testcase) : fleet;
    }
    case 'lane.idle': {
      const { lane, outcome } = event;
      if (fleet.lanes[lane]?.status === 'ending') return fleet;
      return lossIn(context, event) ? withLane(loseLane(fleet, lane, outcome), lane, { status: 'broken' }) : finishShare(fleet, lane, outcome);
    }
    case 'lane.ended': {
      const { lane, outcome } = event;
      const lost = lossIn(context, event) ? loseLane(fleet, lane, outcome) : fleet;
      // One that was told to end, and says something else, could not be stopped.
      const stuck = fleet.lanes[lane]?.status === 'ending' && outcome.exitCode === ExitCode.environment;
      return withLane(stuck ? { ...lost, leftover: outcome } : lost, lane, { status: 'ended' });
    }
    case 'tests.run':
      return askFor(fleet, event.testcases);
    case 'tests.stop':
      return fleet.lanes.some(({ status }) => status === 'testing') ? { ...fleet, waiting: [], halt: event.outcome } : fleet;
    case 'server.restart':
      return renew(fleet);
    default:
      return fleet;
  }
}
