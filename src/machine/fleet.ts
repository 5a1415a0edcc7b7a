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
  /** The verdict over everything that ran, as the last lane to finish gave it. */
  readonly verdict: Outcome | null;
}

export const newFleet = (count: number, testcases: readonly string[]): Fleet => ({
  ...{ waiting: testcases, retried: [], dropped: [], loss: null, verdict: null },
  lanes: Array.from({ length: count }, () => ({ status: 'starting', unfinished: [] })),
});

export const withLane = (fleet: Fleet, index: number, change: Partial<FleetLane>): Fleet => ({
  ...fleet,
  lanes: fleet.lanes.map((lane, at) => (at === index ? { ...lane, ...change } : lane)),
});

export const isUnderWay = ({ status }: FleetLane): boolean => status === 'starting' || status === 'testing' || status === 'ending';

/** A testcase came to its end in a lane. */
export function finishTestcase(fleet: Fleet, index: number, testcase: string): Fleet {
  const lane = fleet.lanes[index];
  return lane === undefined ? fleet : withLane(fleet, index, { unfinished: lane.unfinished.filter((name) => name !== testcase) });
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
    loss: fleet.loss ?? loss,
  };
}

/** Spreads what waits over the lanes that are idle; null where there is nothing to give or nobody to take it. */
export function handOut(
  fleet: Fleet,
  spread: (testcases: readonly string[], lanes: number) => readonly (readonly string[])[],
): { readonly fleet: Fleet; readonly shares: ReadonlyMap<number, readonly string[]> } | null {
  const idle = fleet.lanes.flatMap(({ status }, index) => (status === 'idle' ? [index] : []));
  // All begin together: what comes up first must not take everything.
  if (fleet.waiting.length === 0 || idle.length === 0 || fleet.lanes.some(({ status }) => status === 'starting')) return null;
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

/** How the testcases ended, once no lane is under way. */
export function fleetOutcome({ loss, verdict, dropped, waiting }: Fleet): Outcome | null {
  if (loss === null) return verdict;
  // Where every testcase ran in another lane a lost client is a mishap of ours; a server that dies is a finding.
  const allRan = verdict !== null && dropped.length === 0 && waiting.length === 0;
  if (allRan && loss.exitCode !== ExitCode.serverLost) return verdict;
  return allRan ? { ...loss, reason: `${loss.reason}; the other lanes: ${verdict.reason}` } : loss;
}
