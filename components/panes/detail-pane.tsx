import { useImmediate, useSampled } from '../hooks/use-observable.ts';
import { useSession } from '../hooks/use-session.ts';
import type { Place } from '../layout/layout.ts';
import { type Line, span } from '../text/line.ts';
import { topOf } from '../ui/scroll.ts';
import { detailLines } from './detail-lines.ts';
import { PaneFrame } from './pane-frame.tsx';
import { paneTitle } from './pane-title.ts';

/** Everything about the testcase under the cursor. */
export function DetailPane({ place }: { readonly place: Place }) {
  const session = useSession();
  const view = useSampled(session.controller.store);
  const ui = useImmediate(session.ui);
  const cursor = session.cursor();
  const content = detailLines(view, cursor, place.width - 2);
  const height = place.height - 2;
  const top = topOf(ui.scroll.detail, { first: 0, end: content.length, height, rests: 'top' });
  const more = content.length - top - height;
  const note: Line = more > 0 ? [span(`↓${more}`, 'dim')] : [];
  const focused = ui.focus === 'detail';
  const title = paneTitle(place, ui.focus);
  return <PaneFrame title={title} note={note} width={place.width} height={place.height} focused={focused} lines={content.slice(top, top + height)} />;
}
