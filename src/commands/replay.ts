import { realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { previousResults } from '../history/previous-results.ts';
import { UserError } from '../model/errors.ts';
import type { ExitCode } from '../model/exit-codes.ts';
import { logFile } from '../model/log-file.ts';
import { scriptOf } from '../model/suite-script.ts';
import { catalog } from '../suite/catalog.ts';
import { pagerCommand, showDashboard } from './dashboard.ts';
import { summaryLines } from './dashboard-summary.ts';
import { withRecord } from './recorded.ts';
import type { CommandInput } from './types.ts';

const speedWord = /^(\d+(?:\.\d+)?)[x×]$/;

export async function replay(input: CommandInput): Promise<ExitCode> {
  const [word = 'latest', speed] = input.words;
  const match = speed === undefined ? null : speedWord.exec(speed);
  if (speed !== undefined && match === null) throw new UserError(`'${speed}' is no speed`, 'for example 4x');
  const { runsDir } = input.options;
  return withRecord(word, runsDir, async ({ runId, state, events, laneLogs, dir }) => {
    const { ReplayController } = await import('../../components/replay/replay-controller.ts');
    const controller = new ReplayController(
      { events, lanes: laneLogs, folder: dir },
      {
        catalog,
        previous: await previousResults(runsDir, {
          ...{ before: runId, server: state.server?.name ?? null, nfsVersion: state.nfsVersion },
          suite: { script: scriptOf(state.suite), kind: state.suite?.kind ?? null },
        }),
        speed: match === null ? 1 : Number(match[1]),
        logFile: (channel, lane) => join(dir, logFile(channel, lane)),
        pagerCommand,
      },
    );
    controller.player.togglePause();
    const exitCode = await showDashboard(controller, input);
    for (const line of summaryLines(controller.store.getSnapshot(), relative(process.cwd(), await realpath(dir)))) input.write(`${line}\n`);
    return exitCode;
  });
}
