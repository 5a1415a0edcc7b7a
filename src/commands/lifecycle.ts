import { createActor } from 'xstate';
import { openServices, processes } from '../app.ts';
import type { Options } from '../config/options.ts';
import { programVersion } from '../config/paths.ts';
import { findRecipe, type ServerRecipe } from '../config/server-recipe.ts';
import { createRunFolder } from '../history/run-folder.ts';
import { newRunId } from '../history/run-id.ts';
import { laneActors, prepareActors } from '../machine/actors.ts';
import { laneMachine } from '../machine/lane-machine.ts';
import { runMachine } from '../machine/run-machine.ts';
import { EnvironmentError, messageOf, UserError } from '../model/errors.ts';
import type { ServerIdentity } from '../model/events.ts';
import type { ExitCode } from '../model/exit-codes.ts';
import { emptyRunState, reduce } from '../model/run-state.ts';
import { type Outcome, outcomeOf, outcomeOfError } from '../model/verdict.ts';
import { combineReporters, type Reporter } from '../reporters/index.ts';
import { EnvironmentFile, lockEnvironment, readEnvironment } from '../steps/environment.ts';
import { Lane } from '../steps/lane.ts';
import { Preparation } from '../steps/preparation.ts';
import type { RunScope } from '../steps/run-scope.ts';
import { stopEnvironment } from '../steps/stop.ts';
import { Journal } from '../stream/journal.ts';
import { LogHub } from '../stream/log-hub.ts';
import { selectTestcases } from '../suite/catalog.ts';
import { onSignals } from './signals.ts';

export interface LifecycleRequest {
  readonly options: Options;
  readonly goal: 'build' | 'environment' | 'tests';
  readonly parts: { readonly server: boolean; readonly vm: boolean };
  /** Use the environment that another process started. */
  readonly attach: boolean;
  readonly keep: boolean;
  /** Makes the run's reporters; called when the run's folder exists. */
  readonly reporters: (folder: string) => readonly Reporter[];
}

/** Builds, starts, tests and stops as far as the request says, through the state machine. */
export async function runLifecycle(request: LifecycleRequest): Promise<ExitCode> {
  const { options } = request;
  const testcases = request.goal === 'tests' ? selectTestcases(options.testcases) : [];
  const attached = request.attach ? await readEnvironment(options) : null;
  if (request.attach && attached === null) {
    throw new EnvironmentError('no test environment is running', 'start it with `nfstest-tui start-env` (make start-test-env)');
  }
  const recipe = findRecipe(options.imageName.value, options.serverConfig);
  const server = attached?.server?.identity ?? identityOf(options, recipe);
  checkVersion(options, attached?.server?.nfsVersions ?? recipe.nfsVersions, server);

  const services = await openServices(options);
  const unlock = await lockEnvironment(options, processes);
  try {
    return await lockedLifecycle(request, { testcases, attached, recipe, server, services });
  } finally {
    await unlock();
  }
}

export const identityOf = (options: Options, recipe: ServerRecipe): ServerIdentity => ({
  name: options.imageName.value,
  title: recipe.title,
  image: `${options.imageName.value}:${options.imageTag}`,
});

function checkVersion(options: Options, offered: readonly string[], server: ServerIdentity): void {
  if (!offered.includes(options.nfsVersion)) {
    throw new UserError(`${server.title} does not serve NFS version ${options.nfsVersion}`, `use --nfs-version with one of ${offered.join(', ')}`);
  }
}

interface Checked {
  readonly testcases: readonly string[];
  readonly attached: Awaited<ReturnType<typeof readEnvironment>>;
  readonly recipe: ServerRecipe;
  readonly server: ServerIdentity;
  readonly services: Awaited<ReturnType<typeof openServices>>;
}

async function lockedLifecycle(request: LifecycleRequest, { testcases, attached, recipe, server, services }: Checked): Promise<ExitCode> {
  const { options, goal, parts } = request;
  const runId = newRunId();
  const journal = new Journal(runId, { onListenerError: (error) => process.emitWarning(`a listener failed: ${messageOf(error)}`) });
  const logs = new LogHub();
  const diskTrouble = Promise.withResolvers<Outcome>();
  const folder = createRunFolder(options.runsDir, runId, { onError: (error) => diskTrouble.resolve(outcomeOfError(error)) });
  let state = emptyRunState;
  journal.subscribe((event) => {
    state = reduce(state, event);
  });
  journal.subscribe(folder.onEvent);
  logs.subscribe(folder.onLine);
  const reporter = combineReporters(request.reporters(folder.dir), (error) => process.emitWarning(`a reporter failed: ${messageOf(error)}`));
  journal.subscribe(reporter.onEvent);
  logs.subscribe(reporter.onLine);
  const stopped = goal !== 'build' && !request.attach ? await clearLeftovers(request, services) : [];

  const scope: RunScope = {
    runId,
    options,
    recipe,
    server,
    testcases,
    platform: process.platform,
    arch: process.arch,
    logs,
    folder: folder.dir,
    verdict: () => outcomeOf(state),
  };
  const environment = new EnvironmentFile(options, runId);
  const existing = attached ?? (await readEnvironment(options));
  if (existing) environment.adopt(existing);
  const preparation = new Preparation(scope, services);
  const keep = request.keep || goal === 'environment';
  const lane = new Lane(scope, preparation, services, { environment, attached, keep });
  const machine = runMachine.provide({
    actors: { ...prepareActors(preparation), lane: laneMachine.provide({ actors: laneActors(lane), actions: { force: () => lane.force() } }) },
  });
  const actor = createActor(machine, {
    input: {
      goal,
      lane: { attach: request.attach, parts, timeoutMs: options.timeoutMs },
      started: { type: 'run.started', server, nfsVersion: options.nfsVersion, testcases, program: programVersion },
    },
  });
  actor.on('event', ({ body }) => journal.record(body));
  const ended = new Promise<Outcome>((resolve, reject) => {
    actor.subscribe({
      complete: () => resolve(actor.getSnapshot().output ?? outcomeOfError(new Error('the machine ended without an outcome'))),
      error: reject,
    });
  });
  const forget = onSignals((outcome) => actor.send({ type: 'run.stop', outcome }));
  void diskTrouble.promise.then((outcome) => actor.send({ type: 'run.stop', outcome }));
  try {
    actor.start();
    if (stopped.length > 0) journal.record({ type: 'note.reported', level: 'info', message: `stopped what an earlier run left: ${stopped.join(', ')}` });
    const outcome = await ended;
    journal.record({ type: 'run.finished', ...outcome, durationMs: journal.elapsedMs() });
    await folder.writeSummary(state);
    reporter.finish();
    return outcome.exitCode;
  } finally {
    forget();
    await folder.close();
  }
}

/** A run starts from nothing: what an earlier one left, kept or lost, is stopped first. Parts that run on purpose are not taken away by another `start-…`. */
async function clearLeftovers({ options, goal, parts }: LifecycleRequest, services: Checked['services']): Promise<readonly string[]> {
  const existing = await readEnvironment(options);
  if (goal === 'environment' && existing !== null) {
    const server = parts.server && existing.server !== null && (await serverRuns(existing.server.containerId, services));
    const vm = parts.vm && existing.vm !== null && (await services.vms.attach(existing.vm)) !== null;
    const running = [...(server ? ['server'] : []), ...(vm ? ['client VM'] : [])].join(' and ');
    if (running !== '') {
      throw new EnvironmentError(
        `this environment already has a running ${running}`,
        'use `nfstest-tui status` to see them, `nfstest-tui stop-env` to stop them',
      );
    }
  }
  return stopEnvironment(options, parts, services);
}

async function serverRuns(containerId: string, { engine }: Checked['services']): Promise<boolean> {
  const container = await engine.attachContainer(containerId);
  return container !== null && (await container.state()).status === 'running';
}
