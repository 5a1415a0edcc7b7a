import { type Actor, createActor, SimulatedClock } from 'xstate';
import type { EventBody } from '../model/events.ts';
import type { Outcome } from '../model/verdict.ts';
import { laneActors, prepareActors } from './actors.ts';
import { FakeSteps, outcomeWith, type StepName } from './fake-steps.ts';
import { fleetMachine } from './fleet-machine.ts';
import { laneMachine } from './lane-machine.ts';
import { type RunInput, runMachine } from './run-machine.ts';

/** Verdict of everything that ran, in the tests of fleets. */
export const suitePassed: Outcome = outcomeWith(0, 'all passed');

export interface FakeFleet {
  /** Of each lane; of the last one where it was put up anew. */
  readonly lanes: readonly FakeSteps[];
  readonly actor: Actor<typeof runMachine>;
  readonly clock: SimulatedClock;
  readonly notes: readonly string[];
  /** How a session became idle, every time. */
  readonly idles: readonly Outcome[];
  readonly ended: Promise<Outcome>;
  /** Resolves when that step of that lane has begun this many times. */
  begun(lane: number, name: StepName, times?: number): Promise<void>;
  /** A testcase begins in a lane. */
  run(lane: number, testcase: string): void;
  /** A testcase came to its end in a lane. */
  pass(lane: number, testcase: string): void;
  lose(lane: number, part: 'server' | 'vm'): void;
}

/** Starts a run of the real machines with a lane per script; testcases go to the lanes in turn. */
export function startFakeFleet(
  scripts: readonly FakeSteps['script'][],
  {
    goal = 'tests',
    testcases = ['a', 'b', 'c', 'd'],
    recover = false,
  }: { readonly goal?: RunInput['goal']; readonly testcases?: readonly string[]; readonly recover?: boolean } = {},
): FakeFleet {
  const lanes = scripts.map((script) => new FakeSteps(script));
  const machineOf = (steps: FakeSteps) => laneMachine.provide({ actors: laneActors(steps), actions: { force: () => steps.force() } });
  const machines = lanes.map(machineOf);
  /** In the place of the one that was lost. */
  const replace = (lane: number) => {
    const steps = new FakeSteps(scripts[lane]);
    lanes[lane] = steps;
    return machineOf(steps);
  };
  const spread = (names: readonly string[], parts: number) =>
    Array.from({ length: parts }, (_, part) => names.filter((_name, index) => index % parts === part));
  const fleet = fleetMachine({ lanes: machines, spread, verdict: () => suitePassed, replace: recover ? replace : null }) as unknown as typeof laneMachine;
  const clock = new SimulatedClock();
  const started: EventBody = {
    ...{ type: 'run.started', server: { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' } },
    ...{ nfsVersion: '3', testcases, program: '0', lanes: lanes.length },
  };
  const actor = createActor(runMachine.provide({ actors: { ...prepareActors(new FakeSteps()), lane: fleet } }), {
    input: { goal, started, lane: { testcases, attach: false, parts: { server: true, vm: true }, timeoutMs: 60_000, lane: 0 } },
    clock,
  });
  const notes: string[] = [];
  const idles: Outcome[] = [];
  actor.on('event', ({ body, lane }) => {
    if (body.type === 'note.reported') notes.push(`[${lane + 1}] ${body.message}`);
    if (body.type === 'lane.replaced') notes.push(`[${lane + 1}] replaced (${body.attempt}): ${body.reason}`);
  });
  actor.on('idle', ({ outcome }) => idles.push(outcome));
  const ended = new Promise<Outcome>((resolve, reject) => {
    actor.subscribe({ complete: () => resolve(actor.getSnapshot().output ?? outcomeWith(3, 'no output')), error: reject });
  });
  actor.start();
  const controls = (lane: number, name: StepName) => {
    const found = lanes[lane]?.controls.get(name);
    if (found === undefined) throw new Error(`${name} has not begun in lane ${lane}`);
    return found;
  };
  return {
    ...{ lanes, actor, clock, notes, idles, ended },
    begun: async (lane, name, times = 1) => {
      while ((lanes[lane]?.log.filter((entry) => entry === name).length ?? 0) < times) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    run: (lane, testcase) => controls(lane, 'runSuite').report({ type: 'testcase.started', testcase }),
    pass: (lane, testcase) =>
      controls(lane, 'runSuite').report({
        ...{ type: 'testcase.finished', testcase, verdict: 'passed', passedCount: 1, failedCount: 0, durationMs: 1, reason: null },
      }),
    lose: (lane, part) => {
      const outcome = part === 'server' ? outcomeWith(4, 'the server died') : outcomeWith(5, 'the client VM ended');
      controls(lane, part === 'server' ? 'startServer' : 'startVm').lose(outcome);
    },
  };
}
