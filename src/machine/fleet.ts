import { ExitCode } from '../model/exit-codes.ts';
import type { Outcome } from '../model/verdict.ts';

/** `broken`: its server is gone, its client may be good for another; `ending`: told to stop. */
export type LaneStatus = 'starting' | 'idle' | 'testing' | 'broken' | 'ending' | 'ended';

export interface FleetLane {
  readonly status: LaneStatus;
  /** Testcases that it was given and has not brought to an end. */
  readonly unfinished: readonly string[];
  /** The one of them that runs; null or missing where none does. */
  readonly running?: string | null;
  /** What it has lost, while it is brought to its end to be put up anew. */
  readonly lost?: Outcome | null;
  /** How often it was put up anew. */
  readonly replacements?: number;
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

/** A testcase has begun in a lane: if the lane dies, it is to blame. */
export const startTestcase = (fleet: Fleet, index: number, testcase: string): Fleet => withLane(fleet, index, { running: testcase });

/** How often a lane is put up anew. */
export const maxReplacements = 5;

/** Its server or its client is gone; a lane that could not be started would not start another time either. */
export const isDeath = ({ exitCode }: Outcome): boolean => exitCode === ExitCode.serverLost || exitCode === ExitCode.clientLost;

/** Whether a lane that was lost in this way may be put up anew. */
export const mayReplace = (lane: FleetLane | undefined, loss: Outcome): boolean => isDeath(loss) && (lane?.replacements ?? 0) < maxReplacements;

/** Whether a lane that has ended is to be put up anew: it lost something, and there is something left to run. */
export const isReplaceable = ({ waiting, halt }: Fleet, lane: FleetLane): boolean =>
  lane.status === 'ended' && lane.lost != null && mayReplace(lane, lane.lost) && waiting.length > 0 && halt === null;

/** A lane is put up anew. */
export const replaceLane = (fleet: Fleet, index: number): Fleet =>
  withLane(fleet, index, { status: 'starting', unfinished: [], running: null, lost: null, replacements: (fleet.lanes[index]?.replacements ?? 0) + 1 });

/** A testcase came to its end in a lane. */
export function finishTestcase(fleet: Fleet, index: number, testcase: string): Fleet {
  const lane = fleet.lanes[index];
  if (lane === undefined) return fleet;
  return { ...withLane(fleet, index, { unfinished: lane.unfinished.filter((name) => name !== testcase), running: null }), tested: true };
}

/** A lane's suite came to its end, or its time was up. */
export function finishShare(fleet: Fleet, index: number, outcome: Outcome): Fleet {
  const lane = fleet.lanes[index];
  if (lane?.status !== 'testing') return withLane(fleet, index, { status: 'idle', unfinished: [] });
  const cut = fleet.cut ?? (lane.unfinished.length > 0 ? outcome : null);
  return { ...withLane(fleet, index, { status: 'idle', unfinished: [] }), tested: true, cut };
}

/** What a lane had not finished: the one that ran when it was lost may have killed it, and where none ran, any of them. */
function lostTestcases({ lanes, retried }: Pick<Fleet, 'lanes' | 'retried'>, index: number) {
  const { unfinished = [], running = null } = lanes[index] ?? {};
  const isSuspect = (name: string) => running === null || name === running;
  return {
    /** They go on as if nothing had been. */
    innocent: unfinished.filter((name) => !isSuspect(name)),
    /** They get a second chance. */
    again: unfinished.filter((name) => isSuspect(name) && !retried.includes(name)),
    twice: unfinished.filter((name) => isSuspect(name) && retried.includes(name)),
  };
}

/** `lane 2: `, where there are several. */
const ofLane = ({ lanes }: Pick<Fleet, 'lanes'>, index: number): string => (lanes.length > 1 ? `lane ${index + 1}: ` : '');

/** A lane lost its server or its client: what it had not finished goes to the others, or to the lane that takes its place; what killed it once more. */
export function loseLane(fleet: Fleet, index: number, loss: Outcome): Fleet {
  const { innocent, again, twice } = lostTestcases(fleet, index);
  return {
    ...withLane(fleet, index, { unfinished: [], running: null, lost: loss }),
    waiting: [...fleet.waiting, ...innocent, ...again],
    retried: [...fleet.retried, ...again],
    dropped: [...fleet.dropped, ...twice],
    loss: fleet.loss ?? { ...loss, reason: `${ofLane(fleet, index)}${loss.reason}` },
  };
}

/** What people are told of a loss, given the books before it. */
export function describeLoss(fleet: Fleet, index: number, { exitCode, reason }: Outcome, recover = false): string {
  const { lanes, halt } = fleet;
  const what = exitCode === ExitCode.serverLost ? 'lost its server' : exitCode === ExitCode.clientLost ? 'lost its client VM' : 'failed';
  const { innocent, again, twice } = lostTestcases(fleet, index);
  const more = [...innocent, ...again];
  const others = halt === null && lanes.some(({ status }, at) => at !== index && (status === 'starting' || status === 'idle' || status === 'testing'));
  const heirs = others ? `run on the others${recover ? ' and a new one' : ''}` : recover ? 'run on a new one' : 'do not run';
  return [
    `${lanes.length > 1 ? `lane ${index + 1}` : 'the run'} ${what} (${reason})`,
    ...(more.length === 0 ? [] : [`its testcases (${more.join(', ')}) ${heirs}`]),
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
  // What has killed a lane must not keep the others from their turn.
  const fresh = fleet.waiting.filter((name) => !fleet.retried.includes(name));
  const batch = fresh.length > 0 ? fresh : fleet.waiting;
  for (const [at, share] of spread(batch, idle.length).entries()) {
    const index = idle[at];
    if (index !== undefined && share.length > 0) shares.set(index, share);
  }
  const lanes = fleet.lanes.map((lane, index): FleetLane => {
    const share = shares.get(index);
    return share === undefined ? lane : { ...lane, status: 'testing', unfinished: share, running: null };
  });
  return { fleet: { ...fleet, lanes, waiting: fleet.waiting.filter((name) => !batch.includes(name)) }, shares };
}

/**
 * How the testcases ended, once no lane is under way; null where none were asked for and there is a lane to run some.
 *
 * @param verdict the verdict over everything that ran, asked for where everything did.
 */
export function fleetOutcome({ lanes, loss, halt, tested, cut, dropped, waiting }: Fleet, verdict: () => Outcome): Outcome | null {
  if (halt !== null && lanes.some(isIdle)) return halt;
  if (!tested && waiting.length === 0 && lanes.some(isIdle)) return null;
  const notRun = [...dropped, ...waiting];
  if (loss !== null && tested && notRun.length > 0) return { ...loss, reason: `${loss.reason}; not run: ${notRun.join(', ')}` };
  if (loss !== null && (!tested || notRun.length > 0)) return loss;
  if (!tested) return null;
  const found = verdict();
  // Where every testcase ran in another lane a lost client is a mishap of ours; a server that dies is a finding.
  if (loss?.exitCode === ExitCode.serverLost) return { ...loss, reason: `${loss.reason}; ${found.reason}` };
  return { ...found, hint: cut?.hint ?? found.hint };
}
