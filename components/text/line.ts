import type { Tone } from '../theme/theme.ts';
import { shorten, widthOf } from './width.ts';

/** A piece of a line in one tone. */
export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

/** One row of a screen. */
export type Line = readonly (string | Span)[];

export const span = (text: string, tone: Tone): Span => ({ text, tone });

const textOf = (part: string | Span): string => (typeof part === 'string' ? part : part.text);
const withText = (part: string | Span, text: string): string | Span => (typeof part === 'string' ? text : { ...part, text });

/** Columns that a line takes. */
export const lineWidth = (line: Line): number => line.reduce((sum, part) => sum + widthOf(textOf(part)), 0);

/** The line, shortened with `…` or padded with blanks to exactly `width` columns. */
export function fitLine(line: Line, width: number): Line {
  const parts: (string | Span)[] = [];
  let room = width;
  for (const [index, part] of line.entries()) {
    const text = textOf(part);
    const taken = widthOf(text);
    const rest = line.slice(index + 1);
    // What follows must fit too, or this part makes room for the ellipsis.
    if (taken < room || (taken === room && lineWidth(rest) === 0)) {
      parts.push(part);
      room -= taken;
      continue;
    }
    const short = taken > room ? shorten(text, room) : `${shorten(text, room - 1).replace(/…$/, '')}…`;
    parts.push(withText(part, short));
    room -= widthOf(short);
    break;
  }
  return room > 0 ? [...parts, ' '.repeat(room)] : parts;
}

/** A line with one part at the left and one at the right edge; the left one gives way. */
export function justify(left: Line, right: Line, width: number): Line {
  const rightWidth = Math.min(lineWidth(right), width);
  return [...fitLine(left, width - rightWidth), ...fitLine(right, rightWidth)];
}

/** Exactly `height` lines of exactly `width` columns. */
export function fitLines(lines: readonly Line[], width: number, height: number): Line[] {
  return Array.from({ length: height }, (_, index) => fitLine(lines[index] ?? [], width));
}

/** A line's text without its tones; for tests and for searching. */
export const plainText = (line: Line): string => line.map(textOf).join('');
