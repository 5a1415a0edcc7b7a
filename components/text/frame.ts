import { fitLine, justify, type Line, lineWidth, span } from './line.ts';

export interface FrameOptions {
  readonly title: Line;
  /** At the right end of the top border. */
  readonly note?: Line;
  readonly width: number;
  readonly height: number;
  /** Drawn with heavy lines, so that the focus shows without colour. */
  readonly focused: boolean;
}

const light = { top: '─', side: '│', corners: ['╭', '╮', '╰', '╯'] } as const;
const heavy = { top: '━', side: '┃', corners: ['┏', '┓', '┗', '┛'] } as const;

/** Draws a border with a title around lines; the result is exactly `height` lines of `width` columns. */
export function frame(content: readonly Line[], { title, note = [], width, height, focused }: FrameOptions): Line[] {
  const { top, side, corners } = focused ? heavy : light;
  const tone = focused ? 'focus' : 'frame';
  const inner = width - 2;
  const edge = (text: string) => span(text, tone);
  const noteWidth = lineWidth(note) === 0 ? 0 : lineWidth(note) + 2;
  const titleRoom = inner - 3 - noteWidth;
  const shownTitle = lineWidth(title) > titleRoom ? fitLine(title, Math.max(0, titleRoom)) : title;
  const fill = Math.max(0, inner - 3 - lineWidth(shownTitle) - noteWidth);
  const head: Line = [
    edge(`${corners[0]}${top}`),
    ' ',
    ...shownTitle,
    ' ',
    edge(top.repeat(fill)),
    ...(noteWidth > 0 ? [' ', ...note, ' '] : []),
    edge(corners[1]),
  ];
  const body = Array.from({ length: height - 2 }, (_, index): Line => [edge(side), ...fitLine(content[index] ?? [], inner), edge(side)]);
  return [head, ...body, [edge(`${corners[2]}${top.repeat(inner)}${corners[3]}`)]];
}

/** A box in the middle of a screen: blank lines above it and blanks to its left, none of it below. */
export function centre(box: readonly Line[], boxWidth: number, width: number): Line[] {
  const indent = ' '.repeat(Math.max(0, Math.floor((width - boxWidth) / 2)));
  return box.map((line) => justify([indent, ...line], [], width));
}
