import type { Options } from '../config/options.ts';
import type { ServerRecipe } from '../config/server-recipe.ts';
import type { StepControls } from '../machine/actors.ts';
import type { LogChannel, ServerIdentity } from '../model/events.ts';
import { logFile } from '../model/log-file.ts';
import { stripControls } from '../model/terminal-text.ts';
import type { Outcome } from '../model/verdict.ts';
import type { LogHub } from '../stream/log-hub.ts';
import type { StepContext } from './context.ts';
import { readinessMs, type TailOf } from './server.ts';

/** What all steps of a run share. */
export interface RunScope {
  readonly runId: string;
  /** With the NFS version whose turn it is. */
  readonly options: Options;
  /** The testcases run on the client's own disk instead of the server's export. */
  readonly onLocalDisk?: () => boolean;
  /** As it was read last. */
  readonly recipe: ServerRecipe;
  /** Reads the recipe again. Throws UserError where it has become wrong. */
  readonly reloadRecipe: () => void;
  readonly server: ServerIdentity;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly logs: LogHub;
  /** Folder of the run's logs; a session's next run has its own. */
  readonly folder: () => string;
  /** The run's verdict from what was reported so far. */
  readonly verdict: () => Outcome;
}

export const contextOf = (scope: RunScope, controls: StepControls): StepContext => ({
  signal: controls.signal,
  report: controls.report,
  log: (channel, chunk) => scope.logs.write(channel, chunk),
  deadlines: { ...scope.options.deadlines, serverMs: readinessMs(scope.options, scope.recipe) },
});

/** Stands in a log between two servers, or two client VMs, of a run. */
export const replacedMark: Readonly<Record<'server' | 'vm', string>> = {
  server: '--- the server was replaced ---',
  vm: '--- the client VM was replaced ---',
};
/** How far back that is looked for. */
const markLines = 1_000;

/** The last lines of what a log says now; what a server or VM said that has been replaced since is no sign of the state of the one that runs. */
export const tailOf =
  (scope: RunScope, channel: LogChannel): TailOf =>
  (count) => {
    const mark = channel === 'server' || channel === 'vm' ? replacedMark[channel] : null;
    const recent = scope.logs.buffers[channel].tail(mark === null ? count : Math.max(count, markLines));
    const lines = mark === null ? recent : recent.slice(recent.lastIndexOf(mark) + 1).slice(-count);
    return { path: `${scope.folder()}/${logFile(channel, scope.options.lane)}`, lines: lines.map(stripControls) };
  };
