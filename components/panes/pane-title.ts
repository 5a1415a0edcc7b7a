import type { Place } from '../layout/layout.ts';
import { type Line, lineWidth, span } from '../text/line.ts';
import { type PaneId, panes, paneTitles } from '../ui/ui-state.ts';

const keyOf = (pane: PaneId): string => String(panes.indexOf(pane) + 1);
const label = (pane: PaneId): string => `${keyOf(pane)} ${paneTitles[pane]}`;

/** What a border needs beside its title. */
const edgeWidth = 5;

/**
 * A pane's key and name; where several share the place, all of them, the shown one in brackets.
 *
 * @param lane number of the lane that it shows, from 0; null where there is one, or where it is about all of them.
 */
export function paneTitle({ id, tabs, width }: Pick<Place, 'id' | 'tabs' | 'width'>, focus: PaneId, lane: number | null = null): Line {
  if (id === 'environment') return ['Environment'];
  const tone = id === focus ? 'focus' : 'bold';
  const shown = lane === null ? label(id) : `${label(id)}, lane ${lane + 1}`;
  if (tabs.length < 2) return [span(shown, tone)];
  /** The first panes with their key alone, as many as are told. */
  const row = (short: number): Line => {
    const others = tabs.filter((tab) => tab !== id);
    const name = (tab: PaneId) => (others.indexOf(tab) < short ? keyOf(tab) : label(tab));
    return tabs.flatMap((tab, index): Line => [index > 0 ? ' ' : '', tab === id ? span(`[${shown}]`, tone) : span(name(tab), 'dim')]);
  };
  const fits = tabs.map((_, short) => row(short)).find((line) => lineWidth(line) <= width - edgeWidth);
  return fits ?? row(tabs.length);
}
