import type { FailureView } from '../view/dashboard-view.ts';
import { type Extent, scrollBy, topOf } from './scroll.ts';
import { reduceSelection, type SelectionAction } from './selection.ts';
import { isLogPane, type Mode, type Notice, type PaneId, panes, type UiState } from './ui-state.ts';

type SidePane = Exclude<PaneId, 'testcases'>;

export type UiAction =
  /** `shown`: the row that carries the cursor on the screen; while it follows the running testcase, that one. */
  | { readonly type: 'selection'; readonly action: SelectionAction; readonly names: readonly string[]; readonly shown: string | null }
  | { readonly type: 'focus'; readonly pane: PaneId }
  | { readonly type: 'focus.by'; readonly steps: 1 | -1 }
  /** `lane`: the one whose logs are shown. */
  | { readonly type: 'scroll'; readonly pane: SidePane; readonly lines: number; readonly extent: Extent; readonly lane: number }
  | { readonly type: 'follow'; readonly pane: SidePane; readonly extent: Extent; readonly lane: number }
  | { readonly type: 'lane'; readonly lane: number | null }
  | { readonly type: 'zoom' | 'wrap' | 'unzoom' }
  | { readonly type: 'mode'; readonly mode: Mode }
  | { readonly type: 'reason'; readonly text: string }
  | { readonly type: 'notice'; readonly notice: Notice }
  | { readonly type: 'dismiss'; readonly failure: FailureView | null }
  | { readonly type: 'quitting' }
  | { readonly type: 'message'; readonly message: string | null };

function focusOn(state: UiState, pane: PaneId): UiState {
  if (pane === 'testcases') return { ...state, focus: pane };
  return { ...state, focus: pane, side: pane, log: isLogPane(pane) ? pane : state.log };
}

/** Where the panes are scrolled to while this lane's logs are shown: a place in one log says nothing about another. */
export const scrollIn = ({ scroll, scrolledLane }: UiState, lane: number): UiState['scroll'] =>
  lane === scrolledLane ? scroll : { detail: scroll.detail, server: null, console: null, suite: null };

/** The next screen after a key; pure. */
export function reduceUi(state: UiState, action: UiAction): UiState {
  switch (action.type) {
    case 'selection': {
      const selection = reduceSelection({ ...state.selection, cursor: action.shown }, action.action, action.names);
      // Another testcase's detail begins at its top.
      const scroll = selection.cursor === action.shown ? state.scroll : { ...state.scroll, detail: null };
      return { ...state, selection, scroll };
    }
    case 'focus':
      return focusOn(state, action.pane);
    case 'focus.by':
      return focusOn(state, panes[(panes.indexOf(state.focus) + action.steps + panes.length) % panes.length] ?? 'testcases');
    case 'scroll': {
      const { pane, lines, extent, lane } = action;
      const scroll = scrollIn(state, lane);
      return { ...state, scrolledLane: lane, scroll: { ...scroll, [pane]: scrollBy(scroll[pane], lines, extent) } };
    }
    case 'follow': {
      const { pane, extent, lane } = action;
      const scroll = scrollIn(state, lane);
      return { ...state, scrolledLane: lane, scroll: { ...scroll, [pane]: scroll[pane] === null ? topOf(null, extent) : null } };
    }
    case 'lane':
      return { ...state, lane: action.lane };
    case 'zoom':
      return { ...state, zoomed: !state.zoomed };
    case 'unzoom':
      return { ...state, zoomed: false };
    case 'wrap':
      return { ...state, wrap: !state.wrap };
    case 'mode':
      return { ...state, mode: action.mode };
    case 'reason':
      return { ...state, reason: action.text };
    case 'notice':
      return { ...state, mode: 'notice', notice: action.notice };
    case 'dismiss':
      return { ...state, dismissed: action.failure };
    case 'quitting':
      return { ...state, mode: 'main', quitting: true };
    case 'message':
      return state.message === action.message ? state : { ...state, message: action.message };
  }
}
