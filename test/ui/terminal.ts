import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import xterm, { type IBufferCell } from '@xterm/headless';

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

// Tests and benchmarks run in the repository's folder, wherever they were compiled to.
const helper = resolve('test/ui/pty.py');

/** A program on a real terminal, whose screen can be read. Python makes the terminal: Node has none without a native module. */
export class TestTerminal {
  readonly exited: Promise<number | null>;
  /** Everything that the program wrote. */
  output = '';
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #screen: InstanceType<typeof xterm.Terminal>;
  readonly #waiting = new Set<() => void>();

  constructor(command: readonly string[], { columns = 80, rows = 24, env = {} }: TerminalOptions = {}) {
    // A CI variable would keep Ink from drawing, even an empty one.
    const { CI: _ci, ...inherited } = process.env;
    this.#screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    this.#child = spawn('python3', [helper, String(columns), String(rows), ...command], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...inherited, TERM: 'xterm-256color', ...env },
    });
    this.#child.stdout.on('data', (data: Buffer) => {
      this.output += data.toString('latin1');
      this.#screen.write(data, () => {
        for (const look of [...this.#waiting]) look();
      });
    });
    this.exited = new Promise((resolve) => this.#child.once('close', (code) => resolve(code)));
  }

  /** What a person would see. */
  get text(): string {
    const { active } = this.#screen.buffer;
    return Array.from({ length: this.#screen.rows }, (_, row) => active.getLine(active.viewportY + row)?.translateToString(true) ?? '').join('\n');
  }

  /** Every cell of the screen, row by row. */
  cells(): IBufferCell[][] {
    const { active } = this.#screen.buffer;
    return Array.from({ length: this.#screen.rows }, (_, row) => {
      const line = active.getLine(active.viewportY + row);
      return Array.from({ length: this.#screen.cols }, (_unused, column) => line?.getCell(column)).filter((cell) => cell !== undefined);
    });
  }

  /** True while the alternate screen is shown. */
  get fullScreen(): boolean {
    return this.#screen.buffer.active.type === 'alternate';
  }

  write(text: string): void {
    this.#order({ write: text });
  }

  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    this.#order({ resize: [columns, rows] });
  }

  signal(number: number): void {
    this.#order({ signal: number });
  }

  /** Closes the terminal, as closing its window does. */
  hangUp(): void {
    this.#order({ hangup: true });
  }

  /** Waits until the screen shows something. @returns how long that took, in milliseconds. */
  until(shows: (text: string) => boolean, timeoutMs = 10_000): Promise<number> {
    const startMs = performance.now();
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      const look = () => {
        if (!shows(this.text)) return;
        done();
        resolve(performance.now() - startMs);
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`the screen did not show it within ${timeoutMs} ms:\n${this.text}`));
      }, timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  #order(order: object): void {
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
  }
}
