import { EventEmitter } from 'node:events';
import { render } from 'ink';
import { createElement } from 'react';
import { App } from '../app.tsx';
import type { DashboardController } from '../controller.ts';
import { handleMouse } from '../keys/handle-input.ts';
import { withoutMouse } from '../keys/mouse.ts';
import { Session } from '../session.ts';
import { plainTheme, type Theme } from '../theme/theme.ts';

class FakeStdout extends EventEmitter {
  readonly isTTY = true;
  columns: number;
  rows: number;
  frame = '';

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  write = (text: string): boolean => {
    this.frame = text;
    return true;
  };
}

class FakeStdin extends EventEmitter {
  readonly isTTY = true;
  #pending: string | null = null;

  send(text: string): void {
    this.#pending = text;
    this.emit('readable');
  }

  read = (): string | null => {
    const text = this.#pending;
    this.#pending = null;
    return text;
  };
  setEncoding = (): void => {};
  setRawMode = (): void => {};
  ref = (): void => {};
  unref = (): void => {};
}

export interface FakeScreenOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly selected?: readonly string[];
  readonly theme?: Theme;
}

/** Bytes of the keys that are no characters. */
const bytes: Readonly<Record<string, string>> = {
  up: '\u001B[A',
  down: '\u001B[B',
  right: '\u001B[C',
  left: '\u001B[D',
  pageup: '\u001B[5~',
  pagedown: '\u001B[6~',
  home: '\u001B[H',
  end: '\u001B[F',
  enter: '\r',
  space: ' ',
  tab: '\t',
  'shift+tab': '\u001B[Z',
  escape: '\u001B',
  backspace: '\u007F',
  'ctrl+c': '\u0003',
};

/** Longer than the screen waits for the next frame. */
const settleMs = 120;
/** Longer than Ink waits for the rest of an escape sequence; what keys change is drawn at once. */
const keyMs = 30;

const wait = (durationMs: number) => new Promise<void>((resolve) => setTimeout(resolve, durationMs));

/** The screen of a dashboard without a terminal. */
export class FakeScreen {
  readonly session: Session;
  /** Control sequences, programs that got the terminal, and the end. */
  readonly host: string[] = [];
  readonly #stdout: FakeStdout;
  readonly #stdin = new FakeStdin();
  readonly #instance: ReturnType<typeof render>;

  constructor(controller: DashboardController, { columns = 80, rows = 24, selected = [], theme = plainTheme }: FakeScreenOptions = {}) {
    this.#stdout = new FakeStdout(columns, rows);
    this.session = new Session(controller, { selected, animated: false });
    this.session.host = {
      write: (sequence) => void this.host.push(`write ${JSON.stringify(sequence)}`),
      lend: ({ command, args }) => {
        this.host.push(`lend ${[command, ...args].join(' ')}`);
        return Promise.resolve(null);
      },
      close: (exitCode) => void this.host.push(`close ${exitCode}`),
    };
    this.#instance = render(createElement(App, { session: this.session, theme }), {
      stdout: this.#stdout as unknown as NodeJS.WriteStream,
      stdin: withoutMouse(this.#stdin as unknown as NodeJS.ReadStream, (event) => handleMouse(this.session, event)),
      debug: true,
      exitOnCtrlC: false,
      patchConsole: false,
      interactive: true,
      isScreenReaderEnabled: false,
    });
  }

  /** Waits until everything that happened is drawn. */
  settle(): Promise<void> {
    return wait(settleMs);
  }

  /** Presses keys by their names, or types a character. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      this.#stdin.send(bytes[key] ?? key);
      // A lone escape might begin a sequence: Ink waits for its rest.
      if (key === 'escape') await wait(keyMs);
    }
    await wait(keyMs);
  }

  resize(columns: number, rows: number): void {
    Object.assign(this.#stdout, { columns, rows });
    this.#stdout.emit('resize');
  }

  /** The last frame without blanks at the ends of its lines. */
  get frame(): string {
    return this.#stdout.frame
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  close(): void {
    this.#instance.unmount();
  }
}
