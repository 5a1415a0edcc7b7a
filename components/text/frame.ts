import { type Line, lineWidth, shortenLine, span } from './line.ts';

/** Heavy lines say where the focus is, without colour too. */
const light = { horizontal: '─', vertical: '│', corners: ['╭', '╮', '╰', '╯'] } as const;
const heavy = { horizontal: '━', vertical: '┃', corners: ['┏', '┓', '┗', '┛'] } as const;

export const borderOf = (focused: boolean) => (focused ? heavy : light);

export interface EdgeOptions {
  readonly text: Line;
  readonly width: number;
  readonly focused: boolean;
}

const edge = (text: string, focused: boolean) => span(text, focused ? 'focus' : 'frame');

/** The upper border with a title at its left. */
export function topEdge({ text, width, focused }: EdgeOptions): Line {
  const { horizontal, corners } = borderOf(focused);
  const title = shortenLine(text, width - 5);
  const fill = horizontal.repeat(Math.max(0, width - 5 - lineWidth(title)));
  return [edge(corners[0] + horizontal, focused), ' ', ...title, ' ', edge(fill + corners[1], focused)];
}

/** The lower border with a note at its right; a plain line where there is none. */
export function bottomEdge({ text, width, focused }: EdgeOptions): Line {
  const { horizontal, corners } = borderOf(focused);
  const note = shortenLine(text, width - 5);
  const noteWidth = lineWidth(note);
  if (noteWidth === 0) return [edge(corners[2] + horizontal.repeat(width - 2) + corners[3], focused)];
  const fill = horizontal.repeat(Math.max(0, width - 5 - noteWidth));
  return [edge(corners[2] + fill, focused), ' ', ...note, ' ', edge(horizontal + corners[3], focused)];
}
