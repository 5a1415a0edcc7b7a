import { useImmediate, useSampled } from '../hooks/use-observable.ts';
import { useSession } from '../hooks/use-session.ts';
import { fitLine, type Line, span } from '../text/line.ts';
import { Lines } from '../text/lines.tsx';
import { modeOf } from '../ui/ui-state.ts';
import { footerKeys } from './footer-line.ts';

/** The keys that work now; in their place what is being typed, or what a key had to say. */
export function Footer({ width }: { readonly width: number }) {
  const { controller, ui: store } = useSession();
  const view = useSampled(controller.store);
  const ui = useImmediate(store);
  const mode = modeOf(ui, view.failure);
  const keys = footerKeys(mode, { ui, view, controller }, width - (mode === 'filter' ? ui.selection.filter.length + 4 : 0));
  let line: Line = keys;
  if (ui.quitting) line = [' ', span('stopping everything', 'warning'), '; ', span('Ctrl+C', 'key'), ' again does not wait'];
  else if (mode === 'filter') line = [span(` /${ui.selection.filter}`, 'accent'), '▏ ', ...keys];
  else if (ui.message !== null) line = [' ', span(ui.message, 'warning')];
  return <Lines lines={[fitLine(line, width)]} />;
}
