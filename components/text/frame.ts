import { fitLine, type Line, lineWidth, span } from './line.ts';

export interface FrameOptions {
  readonly title: Line;
  /** At the right end of the bottom border. */
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
  const shownTitle = shortenLine(title, inner - 3);
  const shownNote = shortenLine(note, inner - 3);
  const head: Line = [edge(`${corners[0]}${top}`), ' ', ...shownTitle, ' ', edge(top.repeat(Math.max(0, inner - 3 - lineWidth(shownTitle)))), edge(corners[1])];
  const body = Array.from({ length: height - 2 }, (_, index): Line => [edge(side), ...fitLine(content[index] ?? [], inner), edge(side)]);
  const noteWidth = lineWidth(shownNote);
  const foot: Line =
    noteWidth === 0
      ? [edge(`${corners[2]}${top.repeat(inner)}${corners[3]}`)]
      : [edge(`${corners[2]}${top.repeat(inner - 3 - noteWidth)}`), ' ', ...shownNote, ' ', edge(`${top}${corners[3]}`)];
  return [head, ...body, foot];
}

const shortenLine = (line: Line, width: number): Line => (lineWidth(line) > width ? fitLine(line, width) : line);
