/** Asks the terminal to report buttons and the wheel (1000) in the form that works beyond column 223 (1006). */
export const mouseOn = '\u001B[?1000h\u001B[?1006h';
export const mouseOff = '\u001B[?1006l\u001B[?1000l';

export interface MouseEvent {
  readonly kind: 'wheel-up' | 'wheel-down' | 'press';
  /** 0-based cell. */
  readonly column: number;
  readonly row: number;
}

/** Built of a string: a control character in a literal looks like a mistake. */
const report = new RegExp(`${'\u001B'}\\[<(\\d+);(\\d+);(\\d+)([Mm])`, 'g');

const kinds: Readonly<Record<string, MouseEvent['kind']>> = { '0M': 'press', '64M': 'wheel-up', '65M': 'wheel-down' };

/** Takes the mouse reports out of what a terminal sent. Releases and other buttons are nothing. */
export function takeMouse(text: string, onMouse: (event: MouseEvent) => void): string {
  return text.replace(report, (_all, button: string, column: string, row: string, end: string) => {
    const kind = kinds[button + end];
    if (kind !== undefined) onMouse({ kind, column: Number(column) - 1, row: Number(row) - 1 });
    return '';
  });
}

/** A terminal's input without its mouse reports. Ink would drop them: it knows keys only. */
export function withoutMouse<Input extends NodeJS.ReadableStream>(stdin: Input, onMouse: (event: MouseEvent) => void): Input {
  const read = (size?: number): string | Buffer | null => {
    const chunk = stdin.read(size);
    return chunk === null ? null : takeMouse(chunk.toString(), onMouse);
  };
  return new Proxy(stdin, {
    get(target, property) {
      if (property === 'read') return read;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
