import type { Tone } from '../theme/theme.ts';
import { headOf, widthOf } from './width.ts';

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
  const blanks = width - lineWidth(line);
  if (blanks >= 0) return blanks === 0 ? line : [...line, ' '.repeat(blanks)];
  if (width <= 0) return [];
  const parts: (string | Span)[] = [];
  let room = width - 1;
  for (const part of line) {
    const head = headOf(textOf(part), room);
    const full = head.length === textOf(part).length;
    parts.push(withText(part, full ? head : `${head}…`));
    room -= widthOf(head);
    // A wide character may have left a column.
    if (!full) return room > 0 ? [...parts, ' '.repeat(room)] : parts;
  }
  return parts;
}

/** The line, with `…` where it is longer than `width` columns. */
export const shortenLine = (line: Line, width: number): Line => (lineWidth(line) > width ? fitLine(line, width) : line);

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
