/** Asks the terminal to report buttons and the wheel (1000) in the form that works beyond column 223 (1006). */
export const mouseOn = '\u001B[?1000h\u001B[?1006h';
export const mouseOff = '\u001B[?1006l\u001B[?1000l';

export interface MouseEvent {
  readonly kind: 'wheel-up' | 'wheel-down' | 'press';
  /** 0-based cell. */
  readonly column: number;
  readonly row: number;
}

const report = /^\[<(\d+);(\d+);(\d+)([Mm])$/;

/** Reads a mouse report, as Ink hands it over: without its escape character. Null for anything else; releases and other buttons are nothing. */
export function parseMouse(input: string): MouseEvent | 'ignored' | null {
  const match = report.exec(input);
  if (match === null) return null;
  const [, button, column, row, end] = match;
  const kind = button === '64' ? 'wheel-up' : button === '65' ? 'wheel-down' : button === '0' && end === 'M' ? 'press' : null;
  return kind === null ? 'ignored' : { kind, column: Number(column) - 1, row: Number(row) - 1 };
}
