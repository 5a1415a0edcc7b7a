import { spawn } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import type { DashboardController, TerminalCommand } from '../../components/controller.ts';
import { previousResults } from '../history/previous-results.ts';
import { messageOf, UserError } from '../model/errors.ts';
import type { ExitCode } from '../model/exit-codes.ts';
import { withImageConfig } from './image-config.ts';
import { environmentRuns } from './running-environment.ts';
import { onSignals } from './signals.ts';
import { selectedTestcases, suiteQuery, testcaseCatalog } from './testcases.ts';
import type { CommandInput } from './types.ts';

/** Runs a program on this terminal until it ends; @returns why that failed, or null. */
function runOnTerminal({ command, args }: TerminalCommand): Promise<string | null> {
  // Ctrl+C in a pager reaches this process too, and is not meant for it.
  const listeners = process.listeners('SIGINT');
  const ignore = () => {};
  process.removeAllListeners('SIGINT').on('SIGINT', ignore);
  const ended = new Promise<string | null>((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    child.once('error', (error) => resolve(`${command}: ${messageOf(error)}`));
    child.once('close', () => resolve(null));
  });
  return ended.finally(() => {
    process.removeListener('SIGINT', ignore);
    for (const listener of listeners) process.on('SIGINT', listener);
  });
}

/** How a log is shown in full: with $PAGER, otherwise with less at the log's end. */
export function pagerCommand(path: string): TerminalCommand {
  const [command = 'less', ...args] = (process.env.PAGER?.trim() || 'less -R +G').split(/\s+/);
  return { command, args: [...args, path] };
}

export interface ShowOptions {
  /** Testcases that are selected at the start. */
  readonly selected?: readonly string[];
  /** Gets a function that closes the screen from outside, for signals. */
  readonly onOpen?: (close: (exitCode: ExitCode) => void) => void;
}

/**
 * Shows a dashboard until it is quit. Loads Ink only here: nothing else needs it.
 *
 * @throws UserError where there is no terminal.
 */
export async function showDashboard(
  controller: DashboardController,
  { isTerminal }: Pick<CommandInput, 'isTerminal'>,
  options: ShowOptions = {},
): Promise<ExitCode> {
  if (!isTerminal) throw new UserError('the dashboard needs a terminal', 'use nfstest-tui --ci');
  // A screen makes garbage with every frame; V8 would rather grow to 300 MB than collect it. Measured by `npm run bench:ui`.
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=75');
  const { showScreen } = await import('../../components/screen.tsx');
  return showScreen(controller, { ...options, runCommand: runOnTerminal });
}

/** The live dashboard: a session of runs in one environment. */
export async function runDashboard(input: CommandInput): Promise<ExitCode> {
  const { isTerminal, write } = input;
  if (!isTerminal) throw new UserError('the dashboard needs a terminal', 'use nfstest-tui --ci');
  const options = await withImageConfig(input.options);
  const testcases = await testcaseCatalog(options);
  const selected = options.testcases.explicit ? await selectedTestcases(options) : [];
  const { LiveController } = await import('./live-controller.ts');
  const controller = new LiveController({
    options,
    catalog: testcases,
    isRunning: () => environmentRuns(options),
    previous: await previousResults(options.runsDir, {
      ...{ server: options.imageName.value, nfsVersion: options.nfsVersion },
      suite: suiteQuery(options),
    }),
    pagerCommand,
  });
  let close: (exitCode: ExitCode) => void = () => {};
  const forget = onSignals((outcome) => {
    void controller.interrupt(outcome).then(() => close(outcome.exitCode));
  });
  try {
    controller.open();
    const exitCode = await showDashboard(controller, input, {
      selected,
      onOpen: (closeScreen) => {
        close = closeScreen;
      },
    });
    // The alternate screen is gone with all that was on it.
    for (const line of controller.summary()) write(`${line}\n`);
    return exitCode;
  } finally {
    forget();
  }
}
