import type { FailureView } from '../view/dashboard-view.ts';
import type { Scroll } from './scroll.ts';
import { initialSelection, type SelectionState } from './selection.ts';

/** The panes that take the focus, in the order of their number keys. */
export const panes = ['testcases', 'detail', 'server', 'console', 'suite'] as const;
export type PaneId = (typeof panes)[number];

export const logPanes = ['server', 'console', 'suite'] as const;
export type LogPaneId = (typeof logPanes)[number];
export const isLogPane = (pane: PaneId): pane is LogPaneId => logPanes.some((log) => log === pane);

export const paneTitles: Readonly<Record<PaneId, string>> = {
  testcases: 'Testcases',
  detail: 'Detail',
  server: 'Server',
  console: 'VM',
  suite: 'Suite',
};

/** Who gets the keys. */
export type Mode = 'main' | 'filter' | 'known' | 'help' | 'quit' | 'failure' | 'notice';

export interface Notice {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Everything on the screen that keys change and the run does not. */
export interface UiState {
  readonly mode: Mode;
  readonly focus: PaneId;
  /** What shows beside the list where there is room for one pane. */
  readonly side: Exclude<PaneId, 'testcases'>;
  /** Which log shows where there is room for one. */
  readonly log: LogPaneId;
  readonly zoomed: boolean;
  readonly wrap: boolean;
  readonly scroll: Readonly<Record<Exclude<PaneId, 'testcases'>, Scroll>>;
  /** The lane whose logs are shown, counted from 0; null goes with the cursor. */
  readonly lane: number | null;
  /** The lane that `scroll` of the log panes is about; the logs of another one are at their end. */
  readonly scrolledLane: number;
  readonly selection: SelectionState;
  /** What is typed in the mode `known`: why a failure is expected. */
  readonly reason: string;
  /** Shown in an overlay. */
  readonly notice: Notice | null;
  /** Shown in the footer until the next key. */
  readonly message: string | null;
  /** The failure whose overlay was put away. */
  readonly dismissed: FailureView | null;
  /** Everything is being stopped; the screen closes when that is done. */
  readonly quitting: boolean;
}

/** Who gets the keys: a failure that was not put away comes before the panes. */
export const modeOf = (ui: UiState, failure: FailureView | null): Mode =>
  ui.mode === 'main' && failure !== null && failure !== ui.dismissed && !ui.quitting ? 'failure' : ui.mode;

export const initialUi = (selected: readonly string[] = []): UiState => ({
  mode: 'main',
  focus: 'testcases',
  side: 'detail',
  log: 'console',
  zoomed: false,
  wrap: false,
  scroll: { detail: null, server: null, console: null, suite: null },
  lane: null,
  scrolledLane: 0,
  selection: initialSelection(selected),
  reason: '',
  notice: null,
  message: null,
  dismissed: null,
  quitting: false,
});
