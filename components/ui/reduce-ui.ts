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
  | { readonly type: 'scroll'; readonly pane: SidePane; readonly lines: number; readonly extent: Extent }
  | { readonly type: 'follow'; readonly pane: SidePane; readonly extent: Extent }
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
      const { pane, lines, extent } = action;
      return { ...state, scroll: { ...state.scroll, [pane]: scrollBy(state.scroll[pane], lines, extent) } };
    }
    case 'follow': {
      const { pane, extent } = action;
      const scroll = state.scroll[pane] === null ? topOf(null, extent) : null;
      return { ...state, scroll: { ...state.scroll, [pane]: scroll } };
    }
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
