import { useSampled } from '../hooks/use-observable.ts';
import { useSession } from '../hooks/use-session.ts';
import { useTick } from '../hooks/use-tick.ts';
import type { Place } from '../layout/layout.ts';
import { span } from '../text/line.ts';
import { environmentLines } from './environment-lines.ts';
import { PaneFrame } from './pane-frame.tsx';
import { paneTitle } from './pane-title.ts';

/** Server and client, the steps of the lifecycle, and the end of the server's log where there is room. */
export function EnvironmentPane({ place }: { readonly place: Place }) {
  const session = useSession();
  const { controller } = session;
  const view = useSampled(controller.store);
  const tick = useTick(view.environment);
  const height = place.height - 2;
  // Looked at with every tick, not with every line: the log has its own pane.
  const { lines: log } = controller.log('server', session.lane()).getSnapshot();
  const lines = environmentLines(view, { width: place.width - 2, height, now: controller.now(), tick, serverTail: log.slice(-height) });
  const title = paneTitle(place, 'testcases');
  return <PaneFrame title={title} note={[span(view.environment, 'dim')]} width={place.width} height={place.height} focused={false} lines={lines} />;
}
