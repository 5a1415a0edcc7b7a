import { useImmediate, useSampled } from '../hooks/use-observable.ts';
import { useSession } from '../hooks/use-session.ts';
import { freshFailures } from '../keys/known-commands.ts';
import type { Layout } from '../layout/layout.ts';
import { footerKeys } from '../panes/footer-line.ts';
import { cleanLine } from '../text/clean.ts';
import { type Line, span } from '../text/line.ts';
import { wrapText } from '../text/width.ts';
import { modeOf } from '../ui/ui-state.ts';
import type { DashboardView, FailureView } from '../view/dashboard-view.ts';
import { helpLines } from './help-lines.ts';
import { Overlay } from './overlay.tsx';

const wrapped = (text: string, width: number): Line[] => wrapText(cleanLine(text), width).map((row): Line => [row]);

/** Reason, the log's last lines, what to do; the log gives way where the screen is low. */
export function failureLines({ reason, hint, log }: FailureView, width: number, height: number): Line[] {
  const head = wrapText(cleanLine(reason), width).map((row): Line => [span(row, 'failed')]);
  const next = hint === null ? [] : [[], ...wrapped(`→ ${hint}`, width)];
  const room = Math.max(0, height - head.length - next.length - 4);
  const tail = (log?.lines ?? []).slice(-room).map((line): Line => [span('│ ', 'frame'), cleanLine(line)]);
  const path: Line[] = log === null ? [] : [[span(log.path, 'dim')]];
  return [...head, ...(room > 0 && tail.length > 0 ? [[], ...tail] : []), ...path, ...next, []];
}

/** The failures that an entry would explain, and the reason as far as it is typed. */
export function knownLines(view: DashboardView, name: string | null, reason: string, width: number, height: number): readonly Line[] {
  const failures = freshFailures(view, name).flatMap((message) => wrapped(message, width));
  const room = Math.max(1, height - 5);
  const shown = failures.length > room ? [...failures.slice(0, room - 1), [`… ${failures.length - room + 1} more lines`]] : failures;
  const typed = wrapText(`Why? ${cleanLine(reason)}▏`, width).map((row): Line => [span(row, 'accent')]);
  return [...shown, [], ...typed, []];
}

/** What would be lost. */
const quitLines = ({ environment }: DashboardView): readonly Line[] => [
  [environment === 'running' ? 'Tests are running.' : 'This environment was running before the dashboard was opened.'],
  [],
];

/** What stands over the panes, if anything. */
export function Overlays({ layout }: { readonly layout: Layout }) {
  const session = useSession();
  const { controller, ui: store } = session;
  const view = useSampled(controller.store);
  const ui = useImmediate(store);
  const mode = modeOf(ui, view.failure);
  const width = Math.min(100, layout.columns - 8);
  const selected = session.cursor();
  const keys = footerKeys(mode, { ui, view, controller }, width);
  switch (mode) {
    case 'help':
      return <Overlay layout={layout} title="Keys" lines={helpLines({ controller, view })} />;
    case 'quit':
      return <Overlay layout={layout} title="Quit?" lines={[...quitLines(view), keys]} />;
    case 'known':
      return <Overlay layout={layout} title="Expected from now on" lines={[...knownLines(view, selected, ui.reason, width, layout.rows - 8), keys]} />;
    case 'failure':
      return view.failure && <Overlay layout={layout} title="The environment failed" lines={[...failureLines(view.failure, width, layout.rows - 4), keys]} />;
    case 'notice':
      return ui.notice && <Overlay layout={layout} title={ui.notice.title} lines={ui.notice.lines.flatMap((line) => wrapped(line, width))} />;
    default:
      return null;
  }
}
