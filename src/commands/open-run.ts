import { createActor } from 'xstate';
import { openServices, processes, type Services } from '../app.ts';
import type { NfsVersion, Options } from '../config/options.ts';
import { programVersion } from '../config/paths.ts';
import { type EarlierResult, previousResults } from '../history/previous-results.ts';
import { laneActors, prepareActors } from '../machine/actors.ts';
import { fleetMachine } from '../machine/fleet-machine.ts';
import { type LaneEvent, laneMachine } from '../machine/lane-machine.ts';
import { runMachine } from '../machine/run-machine.ts';
import { messageOf } from '../model/errors.ts';
import type { RoundStart, RunStarted } from '../model/events.ts';
import { redactCredentials } from '../model/redact.ts';
import { RoundBook } from '../model/round-book.ts';
import { type Outcome, outcomeOf, outcomeOfError, worse } from '../model/verdict.ts';
import type { Reporter } from '../reporters/index.ts';
import { EnvironmentFile, lockEnvironment, readEnvironment } from '../steps/environment.ts';
import { Lane } from '../steps/lane.ts';
import { Preparation } from '../steps/preparation.ts';
import { type RunScope, replacedMark } from '../steps/run-scope.ts';
import { SavedVms } from '../steps/saved-vms.ts';
import { LogHub } from '../stream/log-hub.ts';
import { spread } from '../suite/spread.ts';
import { type Checked, check, expected, reload } from './check-request.ts';
import { clearLeftovers } from './clear-leftovers.ts';
import { laneCount, optionsOfLane } from './lanes.ts';
import { RunRecorder } from './run-recorder.ts';
import { watchRunTime } from './run-timeout.ts';
import { suiteQuery } from './testcases.ts';

export interface RunRequest {
  readonly options: Options;
  /** `session`: testcases run when they are asked for, until the run is stopped. */
  readonly goal: 'build' | 'environment' | 'tests' | 'session';
  readonly parts: { readonly server: boolean; readonly vm: boolean };
  /** Use the environment that another process started. */
  readonly attach: boolean;
  /** Leave server and VM running where they survived the run; asked when it ends. */
  readonly keep: () => boolean;
  /** Makes the run's reporters; called when the run's folder exists. */
  readonly reporters: (folder: string) => readonly Reporter[];
}

/** How the testcases of a session's run are run; what is left out is as the options say. */
export interface RunManner {
  /** One of the run's `versions`. */
  readonly nfsVersion?: NfsVersion;
  /** On the client's own disk instead of the server's export. */
  readonly onLocalDisk?: boolean;
}

/** A round of `watch`. */
export interface RoundRequest extends Omit<RoundStart, 'number'> {
  /** Build the server again and restart it before the testcases run. */
  readonly rebuild: boolean;
}

/** A run that is under way, or several of a session. */
export interface OpenRun {
  readonly logs: LogHub;
  /** One per lane; the first is `logs`. */
  readonly hubs: readonly LogHub[];
  readonly recorder: RunRecorder;
  /** The selected NFS versions that the server serves; not empty. */
  readonly versions: readonly NfsVersion[];
  /** Those that it does not serve. */
  readonly skippedVersions: readonly NfsVersion[];
  /** Begins; listeners subscribe before. */
  readonly start: () => void;
  readonly send: (event: LaneEvent) => void;
  /** Session: runs these testcases, as a run of its own; only while it is idle. As a round of `watch` where one is given. */
  readonly test: (testcases: readonly string[], round?: RoundRequest, manner?: RunManner) => Promise<void>;
  /** Session: testcases of the next round out of a selection. */
  readonly nextTestcases: (selection: readonly string[]) => readonly string[];
  /** Session: called when the environment waits for testcases, with how the last run ended. */
  readonly onIdle: (listener: (outcome: Outcome) => void) => void;
  /** Settles when everything is stopped and written. */
  readonly ended: Promise<Outcome>;
}

const withoutCredentials = (settings: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, redactCredentials(value)]));

/** Checks a request and makes its run, ready to start. Throws where it can't be. */
export async function openRun(asked: RunRequest): Promise<OpenRun> {
  const checked = await check(asked);
  const { versions } = checked;
  const request = { ...asked, options: { ...asked.options, nfsVersions: versions, nfsVersion: versions[0] ?? asked.options.nfsVersion } };
  const services = await openServices(request.options);
  const unlock = await lockEnvironment(request.options, processes);
  try {
    const run = await prepare(request, checked, services, unlock);
    return { ...run, versions, skippedVersions: asked.options.nfsVersions.filter((version) => !versions.includes(version)) };
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function prepare(
  request: RunRequest,
  checked: Checked,
  services: Services,
  unlock: () => Promise<void>,
): Promise<Omit<OpenRun, 'versions' | 'skippedVersions'>> {
  const { options, goal, parts } = request;
  const { testcases, attached, server, known } = checked;
  let { recipe } = checked;
  const stopped = goal !== 'build' && !request.attach ? await clearLeftovers(request, services) : [];
  const lanes = goal === 'tests' || goal === 'session' ? laneCount(options, { attached: attached !== null, testcases }) : 1;
  const hubs = Array.from({ length: lanes }, (_, lane) => new LogHub(lane));
  const [logs = new LogHub()] = hubs;
  const diskTrouble = Promise.withResolvers<Outcome>();
  const recorder = new RunRecorder({
    runsDir: options.runsDir,
    runsKeep: options.runsKeep,
    logMaxBytes: options.logMaxBytes,
    logs: hubs,
    reporters: request.reporters,
    onTrouble: (error) => diskTrouble.resolve(outcomeOfError(error)),
  });
  const { runId } = recorder;
  let manner: Required<RunManner> = { nfsVersion: options.nfsVersion, onLocalDisk: false };

  const scopeOf = (own: Options, hub: LogHub): RunScope => ({
    runId,
    get options() {
      return own.nfsVersion === manner.nfsVersion ? own : { ...own, nfsVersion: manner.nfsVersion };
    },
    onLocalDisk: () => manner.onLocalDisk,
    get recipe() {
      return recipe;
    },
    reloadRecipe: () => {
      recipe = reload(server, options);
    },
    server,
    platform: process.platform,
    arch: process.arch,
    logs: hub,
    folder: () => recorder.folder,
    verdict: () => outcomeOf(recorder.state),
  });
  const preparation = new Preparation(scopeOf(options, logs), services);
  const keep = () => goal === 'environment' || request.keep();
  const saved = new SavedVms(options, services);
  const makeLane = await Promise.all(
    hubs.map(async (hub) => {
      const own = optionsOfLane(options, hub.lane, lanes);
      const environment = new EnvironmentFile(own, runId);
      const existing = attached ?? (await readEnvironment(own));
      if (existing) environment.adopt(existing);
      return () => {
        const lane = new Lane(scopeOf(own, hub), preparation, services, { environment, attached, keep, saved });
        return laneMachine.provide({ actors: laneActors(lane), actions: { force: () => lane.force() } });
      };
    }),
  );
  const machines = makeLane.map((make) => make());
  // An environment of another process is not this one's to put up anew.
  const recovers = (options.recover ?? lanes > 1) && goal === 'tests' && !request.attach;
  const replace = (lane: number) => {
    for (const channel of ['server', 'vm'] as const) hubs[lane]?.write(channel, `${replacedMark[channel]}\n`);
    return makeLane[lane]?.() ?? laneMachine;
  };
  const durations = lanes > 1 ? await previousResults(options.runsDir, { suite: suiteQuery(options) }) : new Map<string, EarlierResult>();
  const share = (names: readonly string[], parts: number) => spread(names, parts, (name) => durations.get(name)?.durationMs ?? null);
  const [only = laneMachine] = machines;
  // A fleet has a lane's input, events and output.
  const laneActor =
    lanes === 1 && !recovers
      ? only
      : (fleetMachine({
          lanes: machines,
          spread: share,
          verdict: () => outcomeOf(recorder.state),
          replace: recovers ? replace : null,
        }) as unknown as typeof laneMachine);
  const machine = runMachine.provide({ actors: { ...prepareActors(preparation), lane: laneActor } });
  const book = new RoundBook();
  recorder.subscribe((event) => book.observe(event));
  /** Ends a run; a round says what it found first. Gives what came of it: a run whose end could not be kept has not passed. */
  const conclude = async (found: Outcome): Promise<Outcome> => {
    // Before the verdict is told.
    const trouble = await recorder.flush();
    const outcome = trouble === null ? found : worse(found, outcomeOfError(trouble));
    const round = book.finish(outcome, recorder.state.testcases, recorder.elapsedMs);
    if (round !== null) recorder.record(round);
    await recorder.finish(outcome);
    return outcome;
  };
  const started = (selected: readonly string[], round?: RoundStart): RunStarted => ({
    type: 'run.started',
    server,
    nfsVersion: manner.nfsVersion,
    testcases: selected,
    program: programVersion,
    settings: withoutCredentials(options.given),
    ...(lanes > 1 ? { lanes } : {}),
    ...(round ? { round } : {}),
  });
  const actor = createActor(machine, {
    input: { goal, lane: { attach: request.attach, parts, testcases, timeoutMs: options.timeoutMs, lane: 0 }, started: started(testcases) },
  });
  actor.on('event', ({ body, lane }) => {
    recorder.record(body, lane);
    if (body.type === 'run.started' && goal === 'tests' && known !== null) recorder.record(known);
  });
  /** The end of a session's last run: the next one, and the session's end, come after it. */
  let concluding: Promise<void> = Promise.resolve();
  const idleListeners = new Set<(outcome: Outcome) => void>();
  actor.on('idle', ({ outcome }) => {
    concluding = conclude(outcome).then((concluded) => {
      for (const listener of idleListeners) listener(concluded);
    });
  });
  const done = new Promise<Outcome>((resolve, reject) => {
    actor.subscribe({
      complete: () => resolve(actor.getSnapshot().output ?? outcomeOfError(new Error('the machine ended without an outcome'))),
      error: reject,
    });
  });
  void diskTrouble.promise.then((outcome) => actor.send({ type: 'run.stop', outcome }));
  let endWatch = () => {};
  const finish = async (): Promise<Outcome> => {
    try {
      const outcome = await done;
      endWatch();
      await concluding;
      return await conclude(outcome);
    } finally {
      await recorder.close();
      await unlock();
    }
  };
  const ended = finish();
  return {
    logs,
    hubs,
    recorder,
    ended,
    start: () => {
      actor.start();
      // Whoever has a session on the screen ends it himself.
      if (goal !== 'session')
        endWatch = watchRunTime(
          options.deadlines.runMs,
          () => recorder.state,
          (outcome) => actor.send({ type: 'run.stop', outcome }),
        );
      if (stopped.length > 0) recorder.record({ type: 'note.reported', level: 'info', message: `stopped what an earlier run left: ${stopped.join(', ')}` });
    },
    send: (event) => actor.send(event),
    onIdle: (listener) => void idleListeners.add(listener),
    test: async (selected, round, wanted = {}) => {
      await concluding;
      manner = { nfsVersion: options.nfsVersion, onLocalDisk: false, ...wanted };
      const { imageId, clientKernel, accelerator } = recorder.state;
      const begun = started(selected, round && book.begin({ changed: round.changed, waitedMs: round.waitedMs }));
      await recorder.begin({ ...begun, environment: { imageId, clientKernel, accelerator } });
      // Read again: the dashboard may have added to it. What can't be read any more is told, and expects nothing.
      const now = await expected(options, server.name).catch((error) => {
        recorder.record({ type: 'note.reported', level: 'warning', message: messageOf(error) });
        return null;
      });
      if (now !== null) recorder.record(now);
      recorder.record({ type: 'suite.resolved', suite: preparation.suite.identity });
      actor.send({ type: 'tests.run', testcases: selected, rebuild: round?.rebuild ?? false });
    },
    nextTestcases: (selection) => book.next(selection),
  };
}
