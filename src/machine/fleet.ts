import { ExitCode } from '../model/exit-codes.ts';
import type { Outcome } from '../model/verdict.ts';

/** `broken`: its server is gone, its client may be good for another; `ending`: told to stop. */
export type LaneStatus = 'starting' | 'idle' | 'testing' | 'broken' | 'ending' | 'ended';

export interface FleetLane {
  readonly status: LaneStatus;
  /** Testcases that it was given and has not brought to an end. */
  readonly unfinished: readonly string[];
}

/** What is known of lanes that share the testcases of a run. */
export interface Fleet {
  readonly lanes: readonly FleetLane[];
  /** Testcases that no lane has. */
  readonly waiting: readonly string[];
  /** Testcases that a lane has lost already: another loss is theirs. */
  readonly retried: readonly string[];
  /** Testcases that were lost twice, or that no lane is left for. */
  readonly dropped: readonly string[];
  /** The first loss of a part. */
  readonly loss: Outcome | null;
  /** Something ran to its end since testcases were asked for. */
  readonly tested: boolean;
  /** The first suite that ended without all of its testcases; its hint says what helps. */
  readonly cut: Outcome | null;
  /** Why the testcases were stopped; null where they were not. */
  readonly halt: Outcome | null;
  /** What could not be stopped: someone has to look after it. */
  readonly leftover: Outcome | null;
}

const untested = { retried: [], dropped: [], tested: false, cut: null, halt: null } as const;

export const newFleet = (count: number, testcases: readonly string[]): Fleet => ({
  ...{ ...untested, waiting: testcases, loss: null, leftover: null },
  lanes: Array.from({ length: count }, () => ({ status: 'starting', unfinished: [] })),
});

export const withLane = (fleet: Fleet, index: number, change: Partial<FleetLane>): Fleet => ({
  ...fleet,
  lanes: fleet.lanes.map((lane, at) => (at === index ? { ...lane, ...change } : lane)),
});

export const isUnderWay = ({ status }: FleetLane): boolean => status === 'starting' || status === 'testing' || status === 'ending';

const isIdle = ({ status }: FleetLane): boolean => status === 'idle';

/** Testcases were asked for; only while no lane is under way. Where no lane can take them the loss that led there stands. */
export const askFor = (fleet: Fleet, testcases: readonly string[]): Fleet => ({
  ...{ ...fleet, ...untested },
  ...{ waiting: testcases, loss: fleet.lanes.some(isIdle) ? null : fleet.loss },
});

/** What is found out from here on is about other servers. */
export const renew = (fleet: Fleet): Fleet => ({ ...fleet, ...untested, waiting: [], loss: null });

/** A testcase came to its end in a lane. */
export function finishTestcase(fleet: Fleet, index: number, testcase: string): Fleet {
  const lane = fleet.lanes[index];
  if (lane === undefined) return fleet;
  return { ...withLane(fleet, index, { unfinished: lane.unfinished.filter((name) => name !== testcase) }), tested: true };
}

/** A lane's suite came to its end, or its time was up. */
export function finishShare(fleet: Fleet, index: number, outcome: Outcome): Fleet {
  const lane = fleet.lanes[index];
  if (lane?.status !== 'testing') return withLane(fleet, index, { status: 'idle', unfinished: [] });
  const cut = fleet.cut ?? (lane.unfinished.length > 0 ? outcome : null);
  return { ...withLane(fleet, index, { status: 'idle', unfinished: [] }), tested: true, cut };
}

/** A lane lost its server or its client: what it had not finished goes to the others, once. */
export function loseLane(fleet: Fleet, index: number, loss: Outcome): Fleet {
  const unfinished = fleet.lanes[index]?.unfinished ?? [];
  const again = unfinished.filter((name) => !fleet.retried.includes(name));
  const twice = unfinished.filter((name) => fleet.retried.includes(name));
  return {
    ...withLane(fleet, index, { unfinished: [] }),
    waiting: [...fleet.waiting, ...again],
    retried: [...fleet.retried, ...again],
    dropped: [...fleet.dropped, ...twice],
    loss: fleet.loss ?? { ...loss, reason: `lane ${index + 1}: ${loss.reason}` },
  };
}

/** What people are told of a loss, given the books before it. */
export function describeLoss({ lanes, retried, halt }: Fleet, index: number, { exitCode, reason }: Outcome): string {
  const what = exitCode === ExitCode.serverLost ? 'lost its server' : exitCode === ExitCode.clientLost ? 'lost its client VM' : 'failed';
  const unfinished = lanes[index]?.unfinished ?? [];
  const again = unfinished.filter((name) => !retried.includes(name));
  const twice = unfinished.filter((name) => retried.includes(name));
  const others = halt === null && lanes.some(({ status }, at) => at !== index && (status === 'starting' || status === 'idle' || status === 'testing'));
  return [
    `lane ${index + 1} ${what} (${reason})`,
    ...(again.length === 0 ? [] : [`its testcases (${again.join(', ')}) ${others ? 'run on the others' : 'do not run'}`]),
    ...(twice.length === 0 ? [] : [`${twice.join(', ')} had been lost before and will not run again`]),
  ].join('; ');
}

/** Spreads what waits over the lanes that are idle; null where there is nothing to give or nobody to take it. */
export function handOut(
  fleet: Fleet,
  spread: (testcases: readonly string[], lanes: number) => readonly (readonly string[])[],
): { readonly fleet: Fleet; readonly shares: ReadonlyMap<number, readonly string[]> } | null {
  const idle = fleet.lanes.flatMap(({ status }, index) => (status === 'idle' ? [index] : []));
  // All begin together: what comes up first must not take everything.
  if (fleet.halt !== null || fleet.waiting.length === 0 || idle.length === 0 || fleet.lanes.some(({ status }) => status === 'starting')) return null;
  const shares = new Map<number, readonly string[]>();
  for (const [at, share] of spread(fleet.waiting, idle.length).entries()) {
    const index = idle[at];
    if (index !== undefined && share.length > 0) shares.set(index, share);
  }
  const lanes = fleet.lanes.map((lane, index): FleetLane => {
    const share = shares.get(index);
    return share === undefined ? lane : { status: 'testing', unfinished: share };
  });
  return { fleet: { ...fleet, lanes, waiting: [] }, shares };
}

/**
 * How the testcases ended, once no lane is under way; null where none were asked for and there is a lane to run some.
 *
 * @param verdict the verdict over everything that ran, asked for where everything did.
 */
export function fleetOutcome({ lanes, loss, halt, tested, cut, dropped, waiting }: Fleet, verdict: () => Outcome): Outcome | null {
  if (halt !== null && lanes.some(isIdle)) return halt;
  if (!tested && waiting.length === 0 && lanes.some(isIdle)) return null;
  if (loss !== null && (!tested || dropped.length > 0 || waiting.length > 0)) return loss;
  if (!tested) return null;
  const found = verdict();
  // Where every testcase ran in another lane a lost client is a mishap of ours; a server that dies is a finding.
  if (loss?.exitCode === ExitCode.serverLost) return { ...loss, reason: `${loss.reason}; ${found.reason}` };
  return { ...found, hint: cut?.hint ?? found.hint };
}
