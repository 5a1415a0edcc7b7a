import type { Observable, Playback } from '../controller.ts';
import { useImmediate, useSampled } from '../hooks/use-observable.ts';
import { useSession } from '../hooks/use-session.ts';
import { useTick } from '../hooks/use-tick.ts';
import { Lines } from '../text/lines.tsx';
import { headerLines } from './header-lines.ts';

const noPlayback: Observable<Playback | null> = { subscribe: () => () => {}, getSnapshot: () => null };

export function Header({ width }: { readonly width: number }) {
  const { controller } = useSession();
  const view = useSampled(controller.store);
  const playback = useImmediate<Playback | null>(controller.player ?? noPlayback);
  const tick = useTick(view.environment);
  return <Lines lines={headerLines(view, playback, { width, now: controller.now(), tick })} />;
}
