import type { Place } from '../layout/layout.ts';
import { type Line, span } from '../text/line.ts';
import { type PaneId, panes, paneTitles } from '../ui/ui-state.ts';

const label = (pane: PaneId): string => `${panes.indexOf(pane) + 1} ${paneTitles[pane]}`;

/** A pane's key and name; where several share the place, all of them, the shown one in brackets. */
export function paneTitle({ id, tabs }: Place, focus: PaneId): Line {
  if (id === 'environment') return ['Environment'];
  const tone = id === focus ? 'focus' : 'bold';
  if (tabs.length < 2) return [span(label(id), tone)];
  return tabs.flatMap((tab, index): Line => [index > 0 ? ' ' : '', tab === id ? span(`[${label(tab)}]`, tone) : span(label(tab), 'dim')]);
}
