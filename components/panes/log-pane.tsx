import type { LineWindow } from '../console/line-window.ts';
import type { Observable } from '../controller.ts';
import { useImmediate, useSampled } from '../hooks/use-observable.ts';
import { useSession } from '../hooks/use-session.ts';
import type { Place } from '../layout/layout.ts';
import { channelOf } from '../session.ts';
import { type Line, span } from '../text/line.ts';
import { scrollIn } from '../ui/reduce-ui.ts';
import type { LogPaneId } from '../ui/ui-state.ts';
import { logLines } from './log-lines.ts';
import { PaneFrame } from './pane-frame.tsx';
import { paneTitle } from './pane-title.ts';

interface LogPaneProps {
  readonly place: Place;
  readonly pane: LogPaneId;
}

const empty: Readonly<Record<LogPaneId, string>> = {
  server: 'The server has written nothing yet.',
  console: 'The VM’s serial console shows here once it boots.',
  suite: 'What the test suite prints shows here.',
};

/** Server log, VM console or suite output. */
export function LogPane({ place, pane }: LogPaneProps) {
  const session = useSession();
  const ui = useImmediate(session.ui);
  // The lane may be that of what runs.
  const { laneStates } = useSampled(session.controller.store);
  const lane = session.lane();
  const source: Observable<unknown> = pane === 'console' ? session.console(lane) : session.controller.log(channelOf[pane], lane);
  useSampled(source);
  const window: LineWindow = session.lines(pane);
  const scroll = scrollIn(ui, lane)[pane];
  const content =
    window.count === 0 ? [[span(empty[pane], 'dim')]] : logLines(window, { width: place.width - 2, height: place.height - 2, scroll, wrap: ui.wrap });
  const state = scroll === null ? 'follows' : `held at ${scroll}`;
  const note: Line =
    window.count === 0
      ? []
      : [span(`${ui.lane !== null && laneStates.length > 1 ? 'lane chosen, ' : ''}${state}${ui.wrap ? ', wraps' : ''}`, scroll === null ? 'dim' : 'warning')];
  const title = paneTitle(place, ui.focus, laneStates.length > 1 ? lane : null);
  return <PaneFrame title={title} note={note} width={place.width} height={place.height} focused={ui.focus === pane} lines={content} />;
}
