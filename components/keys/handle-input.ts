import type { Key } from 'ink';
import { placeAt } from '../layout/layout.ts';
import type { Session } from '../session.ts';
import { commands, move, typeIntoFilter } from './commands.ts';
import { keyNames } from './key-name.ts';
import { activeBindings, bindingsOf, keyLabel } from './key-table.ts';
import { typeReason } from './known-commands.ts';
import type { MouseEvent } from './mouse.ts';

/** Lines per step of the wheel, as terminals do it. */
const wheelLines = 3;

/** Scrolls the pane under the wheel; a click takes the focus there. */
export function handleMouse(session: Session, event: MouseEvent): void {
  const layout = session.layout();
  const place = layout && placeAt(layout, event.column, event.row);
  if (!place || place.id === 'environment' || session.mode !== 'main') return;
  if (event.kind === 'press') session.ui.dispatch({ type: 'focus', pane: place.id });
  else move(session, event.kind === 'wheel-up' ? -wheelLines : wheelLines, place.id);
}

function handleKey(session: Session, key: string): void {
  const { ui, controller, view, mode } = session;
  ui.dispatch({ type: 'message', message: null });
  const context = { ui: ui.getSnapshot(), view, controller };
  const binding = activeBindings(mode, context).find(({ keys }) => keys.includes(key));
  if (binding) {
    if (context.ui.quitting && binding.id !== 'interrupt') return;
    commands[binding.id](session, key);
  } else if (mode === 'filter' && /^[\w-]$/.test(key)) typeIntoFilter(session, key);
  else if (mode === 'known') typeReason(session, key);
  else explain(session, key);
}

/** A key that is in the help and does nothing says that it has been seen. */
function explain({ ui, controller, view, mode }: Session, key: string): void {
  const known = bindingsOf({ controller, view }).find(({ keys, modes = ['main'] }) => keys.includes(key) && modes.includes(mode));
  if (known) ui.dispatch({ type: 'message', message: `${keyLabel(key)} (${known.help}) does nothing here and now` });
}

/** Takes what Ink's `useInput` hands over. */
export function handleInput(session: Session, input: string, key: Key): void {
  for (const name of keyNames(input, key)) handleKey(session, name);
}
