import type { LineWindow } from '../console/line-window.ts';
import { cleanLine } from '../text/clean.ts';
import type { Line } from '../text/line.ts';
import { shorten, wrapText } from '../text/width.ts';
import { type Scroll, topOf } from '../ui/scroll.ts';

export interface LogOptions {
  readonly width: number;
  readonly height: number;
  readonly scroll: Scroll;
  readonly wrap: boolean;
}

/** The visible part of a log. Only these lines are cleaned and measured, however long the log is. */
export function logLines(window: LineWindow, { width, height, scroll, wrap }: LogOptions): Line[] {
  const { firstNumber, count } = window;
  const start = topOf(scroll, { first: firstNumber, end: firstNumber + count, height, rests: 'bottom' }) - firstNumber;
  const visible = window.slice(start, start + height).map(cleanLine);
  if (!wrap) return visible.map((line) => [shorten(line, width)]);
  const rows = visible.flatMap((line) => wrapText(line, width));
  return (scroll === null ? rows.slice(-height) : rows.slice(0, height)).map((row) => [row]);
}
