import { useImmediate, useSampled } from '../hooks/use-observable.ts';
import { useSession } from '../hooks/use-session.ts';
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

/** What would be lost. */
const quitLines = ({ environment }: DashboardView): readonly Line[] => [
  [environment === 'running' ? 'Tests are running.' : 'This environment was running before the dashboard was opened.'],
  [],
];

/** What stands over the panes, if anything. */
export function Overlays({ layout }: { readonly layout: Layout }) {
  const { controller, ui: store } = useSession();
  const view = useSampled(controller.store);
  const ui = useImmediate(store);
  const mode = modeOf(ui, view.failure);
  const width = Math.min(100, layout.columns - 8);
  const keys = footerKeys(mode, { ui, view, controller }, width);
  switch (mode) {
    case 'help':
      return <Overlay layout={layout} title="Keys" lines={helpLines({ controller })} />;
    case 'quit':
      return <Overlay layout={layout} title="Quit?" lines={[...quitLines(view), keys]} />;
    case 'failure':
      return view.failure && <Overlay layout={layout} title="The environment failed" lines={[...failureLines(view.failure, width, layout.rows - 4), keys]} />;
    case 'notice':
      return ui.notice && <Overlay layout={layout} title={ui.notice.title} lines={ui.notice.lines.flatMap((line) => wrapped(line, width))} />;
    default:
      return null;
  }
}
