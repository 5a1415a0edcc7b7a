import type { LogSnapshot } from '../../src/stream/ring-buffer.ts';

/** A run of lines of which only the visible ones are taken. */
export interface LineWindow {
  /** Number of the first line, counted from 1 since the log began. */
  readonly firstNumber: number;
  readonly count: number;
  /** Lines by 0-based index, like `Array.slice`. */
  slice(start: number, end: number): readonly string[];
}

export const windowOf = ({ lines, firstNumber }: LogSnapshot): LineWindow => ({
  firstNumber,
  count: lines.length,
  slice: (start, end) => lines.slice(start, end),
});
