import type { LogChannel } from '../src/model/events.ts';
import type { ExitCode } from '../src/model/exit-codes.ts';
import { ConsoleScreen } from './console/console-screen.ts';
import { type LineWindow, windowOf } from './console/line-window.ts';
import type { DashboardController, TerminalCommand } from './controller.ts';
import { type Layout, layoutFor, linesIn } from './layout/layout.ts';
import { detailLines } from './panes/detail-lines.ts';
import type { Extent } from './ui/scroll.ts';
import { cursorIn, visibleNames } from './ui/selection.ts';
import { initialUi, type LogPaneId, modeOf, type PaneId } from './ui/ui-state.ts';
import { UiStore } from './ui/ui-store.ts';

/** What the screen needs of the terminal beyond drawing. */
export interface TerminalHost {
  /** Writes a control sequence that moves nothing. */
  write(sequence: string): void;
  /** Gives the terminal to a program until it ends; @returns why that failed, or null. */
  lend(command: TerminalCommand): Promise<string | null>;
  /** Closes the screen. */
  close(exitCode: ExitCode): void;
}

export const channelOf: Readonly<Record<LogPaneId, LogChannel>> = { server: 'server', console: 'vm', suite: 'suite' };

/** One dashboard on one terminal: what its components and its keys share. */
export class Session {
  readonly controller: DashboardController;
  readonly ui: UiStore;
  /** One per lane; made when it is looked at. */
  readonly #consoles = new Map<number, ConsoleScreen>();
  /** Set while the screen is up. */
  host: TerminalHost = { write: () => {}, lend: () => Promise.resolve(null), close: () => {} };
  /** Set by the screen when it is drawn. */
  size: { readonly columns: number; readonly rows: number } = { columns: 80, rows: 24 };

  /** Clocks and spinners move. */
  readonly animated: boolean;

  constructor(
    controller: DashboardController,
    { selected = [], animated = true }: { readonly selected?: readonly string[]; readonly animated?: boolean } = {},
  ) {
    this.controller = controller;
    this.animated = animated;
    this.ui = new UiStore(initialUi(selected));
  }

  get view() {
    return this.controller.store.getSnapshot();
  }

  get mode() {
    return modeOf(this.ui.getSnapshot(), this.view.failure);
  }

  layout(): Layout | null {
    return layoutFor(this.size.columns, this.size.rows, this.ui.getSnapshot(), this.view);
  }

  get names(): readonly string[] {
    return this.view.testcases.map(({ name }) => name);
  }

  /** The testcase that carries the cursor; null where the filter lets none through. */
  cursor(): string | null {
    const { selection, lane } = this.ui.getSnapshot();
    const visible = visibleNames(this.names, selection.filter);
    const running = selection.follow ? this.view.testcases.filter(({ status, name }) => status === 'running' && visible.includes(name)) : [];
    // Of several lanes it goes along with one, for as long as that one has something to run.
    const followed = running.find((testcase) => testcase.lane === (lane ?? 0)) ?? running[0];
    return followed?.name ?? cursorIn(visible, selection.cursor);
  }

  /** The lane whose logs are shown, counted from 0: the chosen one, otherwise that of the testcase under the cursor. */
  lane(): number {
    const { lane } = this.ui.getSnapshot();
    const cursor = lane === null ? this.cursor() : null;
    const wanted = lane ?? this.view.testcases.find(({ name }) => name === cursor)?.lane ?? 0;
    return Math.min(wanted, this.view.laneStates.length - 1);
  }

  /** A lane's VM console. */
  console(lane: number): ConsoleScreen {
    const known = this.#consoles.get(lane);
    if (known !== undefined) return known;
    const console = new ConsoleScreen(this.controller.log('vm', lane));
    this.#consoles.set(lane, console);
    return console;
  }

  /** What a log pane shows, line by line: that of the lane that is shown. */
  lines(pane: LogPaneId): LineWindow {
    const lane = this.lane();
    return pane === 'console' ? this.console(lane).getSnapshot() : windowOf(this.controller.log(channelOf[pane], lane).getSnapshot());
  }

  extent(pane: Exclude<PaneId, 'testcases'>): Extent {
    const layout = this.layout();
    const height = linesIn(layout, pane);
    if (pane === 'detail') {
      const width = (layout?.places.find(({ id }) => id === 'detail')?.width ?? 80) - 2;
      return { first: 0, end: detailLines(this.view, this.cursor(), width).length, height, rests: 'top' };
    }
    const { firstNumber, count } = this.lines(pane);
    return { first: firstNumber, end: firstNumber + count, height, rests: 'bottom' };
  }
}
