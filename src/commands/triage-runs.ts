import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isGitUrl, type NfsVersion, type Options, type Setting } from '../config/options.ts';
import { findRecipe } from '../config/server-recipe.ts';
import { triageDir } from '../config/vm-files.ts';
import { readRun } from '../history/read-runs.ts';
import { messageOf } from '../model/errors.ts';
import type { TriageFinished, TriageResult } from '../model/events.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { RunState, TestcaseState } from '../model/run-state.ts';
import { scriptOf } from '../model/suite-script.ts';
import { triage } from '../model/triage.ts';
import { withImageConfig } from './image-config.ts';
import { type RoundResult, runRounds, type SessionRound } from './session-rounds.ts';

/** The bundled recipe that failures are compared with. */
export const referenceServer = 'ganesha';
/** How far from the run's own ports those of triage are: its environment may still stand. */
const portStep = 200;
const highestPort = 65_000;

/** Options of an environment beside that of the run, with the same image and saved VM; its runs are kept in the run's own folder. */
export function triageOptions(options: Options, runFolder: string): Options {
  const port = ({ value }: Setting<number>) => ({ value: value + portStep > highestPort ? value - portStep : value + portStep, explicit: false });
  return {
    ...options,
    ...{ vmDir: triageDir(options.vmDir), lanes: 1, lane: 0, nfsPort: port(options.nfsPort), sshPort: port(options.sshPort) },
    ...{ runsDir: join(runFolder, 'triage'), knownFailures: 'none', strict: false },
    given: { ...options.given, KNOWN_FAILURES: 'none' },
  };
}

/** A file or folder that a run was given, where it still is. */
function pathOf(given: string | undefined): string | null {
  const path = given === undefined || given === '' || isGitUrl(given) ? null : resolve(given);
  return path !== null && existsSync(path) ? path : null;
}

/** Server, version and suite of a recorded run, whatever the settings say now. */
export function optionsOfRun(options: Options, { server, nfsVersion, suite, settings }: RunState): Options {
  const version = (nfsVersion ?? options.nfsVersion) as NfsVersion;
  const tag = /:([\w.-]+)$/.exec(server?.image ?? '')?.[1] ?? options.imageTag;
  return {
    ...options,
    imageName: { value: server?.name ?? options.imageName.value, explicit: true },
    imageTag: tag,
    serverConfig: options.serverConfig ?? pathOf(settings.SERVER_CONFIG),
    nfsVersion: version,
    nfsVersions: [version],
    // The assertions of another suite are other ones: nothing could be compared.
    suite: suite?.kind ?? options.suite,
    suiteScript: scriptOf(suite),
    nfstestSource: options.nfstestSource || (pathOf(settings.NFSTEST_SRC) ?? ''),
  };
}

type Place = Pick<TriageResult, 'where' | 'title'>;

const notRun = (place: Place, reason: string): TriageResult => ({ ...place, verdict: 'not-run', failures: [], reason });

function resultOf(place: Place, { state, outcome }: RoundResult, name: string): TriageResult {
  const testcase: TestcaseState | undefined = state.testcases.find((candidate) => candidate.name === name);
  const status = testcase?.status === 'known' ? 'failed' : testcase?.status;
  if (status !== 'passed' && status !== 'failed') return notRun(place, state.setupFailure?.message ?? testcase?.reason ?? outcome.reason);
  return { ...place, verdict: status, failures: testcase?.failures.map(({ message }) => message) ?? [], reason: null };
}

/** What one environment found: a map from testcase to result for each of its places. */
interface Found {
  readonly interrupted: ExitCode | null;
  readonly of: (name: string) => readonly TriageResult[];
}

/** Runs the testcases once for each place, in a fresh environment. Trouble is a result too. */
async function runPlaces(
  options: Options,
  testcases: readonly string[],
  places: readonly (Place & { imageId: string | null })[],
  play: typeof runRounds,
  signal?: AbortSignal,
): Promise<Found> {
  if (signal?.aborted) return { interrupted: ExitCode.interrupted, of: () => [] };
  const rounds = places.map(({ where }): SessionRound => ({ testcases, manner: { onLocalDisk: where === 'local' } }));
  try {
    const { results, outcome } = await play({ options, attach: false, keep: () => false, reporters: () => [] }, () => rounds, signal ? { signal } : {});
    return {
      interrupted: outcome.exitCode >= ExitCode.hangup ? outcome.exitCode : null,
      of: (name) =>
        places.map(({ where, title, imageId }, index) => {
          const result = results[index];
          if (result === undefined) return notRun({ where, title }, outcome.reason);
          // Built again since, it is another server.
          if (imageId !== null && result.state.imageId !== null && imageId !== result.state.imageId)
            return notRun({ where, title }, 'its image is another one by now');
          return resultOf({ where, title }, result, name);
        }),
    };
  } catch (error) {
    return { interrupted: null, of: (name) => places.map(({ where, title }) => notRun({ where, title }, `${name} could not be started: ${messageOf(error)}`)) };
  }
}

export interface TriageEnd {
  /** One per testcase that had failed. */
  readonly found: readonly TriageFinished[];
  /** The signal's exit code where it was cut off. */
  readonly interrupted: ExitCode | null;
}

export interface TriageRunOptions {
  /** Names of testcases, those that failed as expected too; left out: every one that failed and was not expected to. */
  readonly only?: readonly string[];
  /** False leaves out the reference server. */
  readonly withReference?: boolean;
  /** Told in one line what begins. */
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Runs failed testcases of a finished run again: on a fresh VM against the same server, on the client's own disk, and against the reference
 * server, unless it is the one under test. The caller adds what comes of it to the run's recording.
 */
export async function triageRun(
  runFolder: string,
  options: Options,
  { only, withReference = true, say = () => {}, signal }: TriageRunOptions = {},
  play = runRounds,
): Promise<TriageEnd> {
  const { state } = await readRun(runFolder);
  const failed = state.testcases.filter(({ name, status }) =>
    only === undefined ? status === 'failed' : only.includes(name) && (status === 'failed' || status === 'known'),
  );
  if (failed.length === 0 || state.server === null) return { found: [], interrupted: null };
  const names = failed.map(({ name }) => name);
  const own = await withImageConfig(optionsOfRun(triageOptions(options, runFolder), state));
  const ownTitle = state.server.title;
  say(`triage: ${names.join(', ')} again on ${ownTitle}, and on the client's own disk`);
  const first = await runPlaces(
    own,
    names,
    [
      { where: 'own', title: ownTitle, imageId: state.imageId },
      { where: 'local', title: 'local disk', imageId: null },
    ],
    play,
    signal,
  );
  let second: Found = { interrupted: first.interrupted, of: () => [] };
  if (first.interrupted === null && withReference && state.server.name !== referenceServer) {
    const { title } = findRecipe(referenceServer, null);
    say(`triage: ${names.join(', ')} on ${title}`);
    // What describes the other server is not told of this one.
    const { SERVER_CONFIG, SERVER_SRC, IMAGE_TAG, ...given } = own.given;
    const reference: Options = {
      ...own,
      ...{ imageName: { value: referenceServer, explicit: true }, imageTag: 'latest', serverConfig: null },
      given: { ...given, IMAGE_NAME: referenceServer },
    };
    second = await runPlaces(reference, names, [{ where: 'reference', title, imageId: null }], play, signal);
  }
  if (second.interrupted !== null) return { found: [], interrupted: second.interrupted };
  const found = failed.map(({ name, status, failures }) => {
    const [again, ...others] = first.of(name);
    // Of one that failed as expected alone, it is the expected failures that are asked about.
    const messages = failures.filter(({ known }) => status === 'known' || known === null).map(({ message }) => message);
    return triage({ testcase: name, failures: messages, results: [...(again ? [again] : []), ...second.of(name), ...others] });
  });
  return { found, interrupted: null };
}
