import { spawn } from 'node:child_process';
import type { DashboardController, TerminalCommand } from '../../components/controller.ts';
import { messageOf, UserError } from '../model/errors.ts';
import type { ExitCode } from '../model/exit-codes.ts';
import { run } from './run.ts';
import type { CommandInput } from './types.ts';

/** Runs a program on this terminal until it ends; @returns why that failed, or null. */
function runOnTerminal({ command, args }: TerminalCommand): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    child.once('error', (error) => resolve(`${command}: ${messageOf(error)}`));
    child.once('close', () => resolve(null));
  });
}

/** How a log is shown in full: with $PAGER, otherwise with less. */
export function pagerCommand(path: string): TerminalCommand {
  const [command = 'less', ...args] = (process.env.PAGER?.trim() || 'less -R').split(/\s+/);
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
  // Development React takes twice the time for every frame.
  process.env.NODE_ENV ??= 'production';
  const { showScreen } = await import('../../components/screen.tsx');
  return showScreen(controller, { ...options, runCommand: runOnTerminal });
}

export const runDashboard = (input: CommandInput): Promise<ExitCode> => run(input, { goal: 'tests', parts: { server: true, vm: true }, attach: false });
