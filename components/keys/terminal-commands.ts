import type { TerminalCommand } from '../controller.ts';
import type { Session } from '../session.ts';

/** Puts a text on the clipboard of the terminal's user, over SSH too, where the terminal allows it (OSC 52). */
export const clipboardSequence = (text: string): string => `\u001B]52;c;${Buffer.from(text, 'utf8').toString('base64')}\u0007`;

function copyText(session: Session, title: string, text: string): void {
  session.host.write(clipboardSequence(text));
  session.ui.dispatch({ type: 'notice', notice: { title, lines: [text, '', 'On the clipboard now, if the terminal takes OSC 52.'] } });
}

/** The command for the selected testcases, otherwise for the one under the cursor. */
export function copy(session: Session): void {
  const { selected } = session.ui.getSnapshot().selection;
  const cursor = session.cursor();
  const chosen = session.names.filter((name) => selected.has(name));
  const names = chosen.length > 0 ? chosen : cursor !== null ? [cursor] : session.view.selected;
  copyText(session, 'Run this again', session.controller.reproCommand(names));
}

export function copyFolder(session: Session): void {
  const folder = session.controller.runFolder();
  if (folder !== null) copyText(session, 'Folder of this run', folder);
}

function lend(session: Session, command: TerminalCommand): void {
  void session.host.lend(command).then((problem) => session.ui.dispatch({ type: 'message', message: problem }));
}

export function openLog(session: Session, path: string | null): void {
  if (path === null) session.ui.dispatch({ type: 'message', message: 'there is no file of this log' });
  else lend(session, session.controller.pagerCommand(path));
}

export function openShell(session: Session): void {
  const command = session.controller.shellCommand(session.lane());
  if (command !== null) lend(session, command);
}
