/** Number of the first visible line; null is where a pane rests: a log at its end, anything else at its beginning. */
export type Scroll = number | null;

/** What there is to scroll through. */
export interface Extent {
  /** Number of the first line and of the one after the last. */
  readonly first: number;
  readonly end: number;
  /** Visible lines. */
  readonly height: number;
  readonly rests: 'top' | 'bottom';
}

const lastTop = ({ first, end, height }: Extent): number => Math.max(first, end - height);

/** The first visible line. */
export function topOf(scroll: Scroll, extent: Extent): number {
  if (scroll === null) return extent.rests === 'top' ? extent.first : lastTop(extent);
  return Math.min(Math.max(scroll, extent.first), lastTop(extent));
}

/** Moves by lines; coming to where the pane rests, it rests. */
export function scrollBy(scroll: Scroll, lines: number, extent: Extent): Scroll {
  const top = Math.min(Math.max(topOf(scroll, extent) + lines, extent.first), lastTop(extent));
  const rest = extent.rests === 'top' ? extent.first : lastTop(extent);
  return top === rest ? null : top;
}
