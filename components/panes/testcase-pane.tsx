import { useImmediate, useSampled } from '../hooks/use-observable.ts';
import { useSession } from '../hooks/use-session.ts';
import { useTick } from '../hooks/use-tick.ts';
import type { Place } from '../layout/layout.ts';
import { type Line, span } from '../text/line.ts';
import { visibleNames } from '../ui/selection.ts';
import { PaneFrame } from './pane-frame.tsx';
import { paneTitle } from './pane-title.ts';
import { listTop, testcaseHead, testcaseLine } from './testcase-lines.ts';

/** The list of testcases. */
export function TestcasePane({ place }: { readonly place: Place }) {
  const session = useSession();
  const view = useSampled(session.controller.store);
  const ui = useImmediate(session.ui);
  const tick = useTick(view.environment);
  const { selected, filter } = ui.selection;
  const focused = ui.focus === 'testcases';
  const width = place.width - 2;
  const lanes = view.laneStates.length;
  const height = place.height - 3;
  const visible = visibleNames(session.names, filter);
  const cursor = session.cursor();
  const top = listTop(visible.length, cursor === null ? 0 : visible.indexOf(cursor), height);
  const rows = view.testcases
    .filter(({ name }) => visible.includes(name))
    .slice(top, top + height)
    .map((testcase) =>
      testcaseLine(testcase, {
        width,
        cursor: testcase.name === cursor,
        selected: selected.has(testcase.name),
        now: session.controller.now(),
        tick,
        lanes,
      }),
    );
  const hidden = visible.length - top - rows.length;
  const arrows = `${top > 0 ? '↑' : ''}${hidden > 0 ? '↓' : ''}`;
  const note: Line = [
    arrows === '' ? '' : span(`${arrows} `, 'dim'),
    span(filter === '' ? `${selected.size} selected` : `/${filter}`, filter === '' ? 'dim' : 'accent'),
  ];
  const lines = [testcaseHead(width, lanes), ...rows];
  return <PaneFrame title={paneTitle(place, ui.focus)} note={note} width={place.width} height={place.height} focused={focused} lines={lines} />;
}
