import xterm, { type IMarker } from '@xterm/headless';
import type { LogSource, Observable } from '../controller.ts';
import type { LineWindow } from './line-window.ts';

/** Serial consoles take at least 80x24 for granted; wider keeps a kernel's lines whole. */
const columns = 160;
const rows = 30;
const scrollback = 2000;
/** Of a flood only this many lines are interpreted; what scrolled by between two looks is on disk. */
const mostLinesAtOnce = 500;

/** In UTF-16 units; a line of the console that is longer is no text for people. */
const longestLine = 4096;
/**
 * Commands that xterm.js does as often as they say (repeat, insert, delete and scroll lines, tab): with a number of ten digits
 * each would hold the dashboard for minutes. More than a screen has no meaning.
 */
const repeatable = ['b', 'L', 'M', 'S', 'T', 'I', 'Z'];

const nothing: LineWindow = { firstNumber: 1, count: 0, slice: () => [] };

/**
 * The VM's serial console as a terminal would show it: firmware and boot loaders clear the screen and move the cursor.
 * Interprets only while someone looks.
 */
export class ConsoleScreen implements Observable<LineWindow> {
  readonly #source: LogSource;
  // It would print what it can't parse in the middle of the screen.
  readonly #terminal = new xterm.Terminal({ cols: columns, rows, scrollback, convertEol: true, allowProposedApi: true, logLevel: 'off' });
  readonly #listeners = new Set<() => void>();
  /** Number of the next line to interpret. */
  #nextNumber = 1;
  /** A row of the terminal and its number on the screen, to see how many rows have fallen off the top. */
  #anchor: { readonly marker: IMarker | undefined; readonly number: number } | null = null;
  #firstNumber = 1;
  #window = nothing;
  #writing = false;
  #release: (() => void) | null = null;

  constructor(source: LogSource) {
    this.#source = source;
    for (const final of repeatable) {
      this.#terminal.parser.registerCsiHandler({ final }, (counts) => counts.flat().some((count) => count > columns));
    }
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#release === null) {
      this.#release = this.#source.subscribe(this.#take);
      this.#take();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#release?.();
      this.#release = null;
    };
  };

  readonly getSnapshot = (): LineWindow => this.#window;

  readonly #take = (): void => {
    if (this.#writing) return;
    const { lines, firstNumber } = this.#source.getSnapshot();
    const end = firstNumber + lines.length;
    // A replay that goes back begins again.
    if (end < this.#nextNumber) this.#reset();
    const fresh = Math.min(end - this.#nextNumber, lines.length, mostLinesAtOnce);
    if (fresh <= 0) return;
    this.#nextNumber = end;
    this.#writing = true;
    this.#terminal.write(
      `${lines
        .slice(-fresh)
        .map((line) => line.slice(0, longestLine))
        .join('\r\n')}\r\n`,
      () => {
        this.#writing = false;
        this.#look();
        this.#take();
      },
    );
  };

  #reset(): void {
    this.#terminal.reset();
    this.#nextNumber = 1;
    this.#anchor = null;
    this.#firstNumber = 1;
    this.#window = nothing;
  }

  #look(): void {
    const { active } = this.#terminal.buffer;
    const cursor = active.baseY + active.cursorY;
    if (this.#anchor !== null) {
      const line = this.#anchor.marker?.line ?? -1;
      this.#firstNumber = Math.max(this.#firstNumber, this.#anchor.number - Math.max(line, -1));
      this.#anchor.marker?.dispose();
    }
    const firstNumber = this.#firstNumber;
    this.#anchor = { marker: this.#terminal.registerMarker(0), number: firstNumber + cursor };
    let count = Math.min(active.length, active.baseY + rows);
    while (count > 0 && active.getLine(count - 1)?.translateToString(true) === '') count -= 1;
    this.#window = {
      firstNumber,
      count,
      slice: (start, end) =>
        Array.from({ length: Math.max(0, Math.min(end, count) - start) }, (_, index) => active.getLine(start + index)?.translateToString(true) ?? ''),
    };
    for (const listener of this.#listeners) listener();
  }
}
