import { relative } from 'node:path';
import { openWatches } from '../app.ts';
import { findRecipe } from '../config/server-recipe.ts';
import { UserError } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { Outcome } from '../model/verdict.ts';
import { reporters } from '../reporters/index.ts';
import { readEnvironment } from '../steps/environment.ts';
import { identityOf } from './check-request.ts';
import { withImageConfig } from './image-config.ts';
import { openRun } from './open-run.ts';
import { environmentRuns } from './running-environment.ts';
import { onSignals } from './signals.ts';
import { mergeChanges, type SourceChange } from './source-change.ts';
import { watchChanges } from './source-changes.ts';
import { selectedTestcases } from './testcases.ts';
import type { CommandInput, RunCommand } from './types.ts';
import { WatchLoop } from './watch-loop.ts';

/** Takes up the environment that runs; another server than the one whose sources are watched would be a false verdict. */
async function findEnvironment({ options }: CommandInput): Promise<boolean> {
  if (!(await environmentRuns(options))) return false;
  const runs = (await readEnvironment(options))?.server?.identity;
  const { image } = identityOf(options, findRecipe(options.imageName.value, options.serverConfig));
  if (runs && runs.image !== image) {
    throw new UserError(
      `the environment that runs has the server ${runs.image}, not ${image}`,
      `add --image-name=${runs.name}, or stop it with nfstest-tui stop-env`,
    );
  }
  return true;
}

/** The inner loop: rounds of testcases, one for every change of the server's sources, until a signal. */
export const watch: RunCommand = async (given) => {
  const input = { ...given, options: await withImageConfig(given.options) };
  const { options, switches, write, color } = input;
  const selection = await selectedTestcases(options);
  if (options.nfsVersions.length > 1) throw new UserError('watch tests over one NFS version', `use --nfs-version=${options.nfsVersion}`);
  const attach = await findEnvironment(input);
  const isPlain = !switches.has('json');
  const say = (line: string) => {
    if (isPlain) write(`${line}\n`);
  };
  const reporter = isPlain ? reporters.plain : reporters.ndjson;
  let loop: WatchLoop | null = null;
  let early: SourceChange | null = null;
  const changes = await watchChanges(
    { options, recipe: findRecipe(options.imageName.value, options.serverConfig), watches: openWatches() },
    {
      onChange: (change) => {
        if (loop) loop.changed(change);
        else early = mergeChanges(early, change);
      },
      onNote: (message) => say(`note: ${message}`),
    },
  );
  const folder = relative(process.cwd(), changes.folder) || '.';
  try {
    const run = await openRun({
      // A round replaces one server and runs a few short testcases.
      ...{ options: { ...options, lanes: 1 }, goal: 'session' as const, attach, parts: { server: true, vm: true } },
      keep: () => attach || switches.has('keep'),
      reporters: (runFolder) => [reporter({ write, color, quiet: switches.has('quiet'), folder: relative(process.cwd(), runFolder) })],
    });
    const onWaiting = () => say(`\nwatching   ${folder} (Ctrl+C ends)`);
    const rounds = new WatchLoop(run, { selection, mayBeStale: attach, onWaiting });
    loop = rounds;
    if (early !== null) rounds.changed(early);
    run.onIdle(({ exitCode, reason }) => {
      // In a round its end says so.
      if (!rounds.isBusy && exitCode !== ExitCode.passed) say(`error: ${reason}; the next change starts another`);
      rounds.becameIdle();
    });
    let exitCode: ExitCode | null = null;
    const forget = onSignals((outcome: Outcome) => {
      rounds.stop();
      exitCode ??= outcome.exitCode;
      // Between rounds nothing is cut off: the environment is as good as at the end of a run, and may be kept.
      const over = { ...outcome, exitCode: ExitCode.passed };
      run.send({ type: 'run.stop', outcome: rounds.isBusy ? outcome : over });
    });
    try {
      run.start();
      const { exitCode: ended, reason, hint } = await run.ended;
      // Between rounds there is no report that could say it.
      if (exitCode === null && !rounds.isBusy) process.stderr.write(`nfstest-tui: the watch has ended: ${reason}\n${hint === null ? '' : `  → ${hint}\n`}`);
      return exitCode ?? ended;
    } finally {
      forget();
    }
  } finally {
    await changes.close();
  }
};
