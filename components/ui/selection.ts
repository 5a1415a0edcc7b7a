/** What is selected and where the cursor is, by name: rows may be filtered away and come back. */
export interface SelectionState {
  readonly cursor: string | null;
  readonly selected: ReadonlySet<string>;
  /** Only names that contain this are shown. */
  readonly filter: string;
  /** The cursor goes along with the running testcase, until it is moved by hand. */
  readonly follow: boolean;
}

export type SelectionAction =
  | { readonly type: 'cursor.by'; readonly rows: number }
  | { readonly type: 'cursor.to'; readonly name: string }
  | { readonly type: 'cursor.follow' }
  | { readonly type: 'select.toggle' | 'select.all' | 'select.none' | 'select.invert' }
  | { readonly type: 'filter.set'; readonly text: string };

export const initialSelection = (selected: readonly string[] = []): SelectionState => ({
  // What somebody selected is what they want to look at.
  cursor: selected[0] ?? null,
  selected: new Set(selected),
  filter: '',
  follow: true,
});

/** The names that the filter lets through. */
export const visibleNames = (names: readonly string[], filter: string): readonly string[] =>
  filter === '' ? names : names.filter((name) => name.includes(filter.toLowerCase()));

/** Where the cursor stands among the visible names: on its own name, otherwise on the first. */
export const cursorIn = (visible: readonly string[], cursor: string | null): string | null =>
  cursor !== null && visible.includes(cursor) ? cursor : (visible[0] ?? null);

/**
 * The next selection; pure.
 *
 * @param names every name in the order of the screen. Selecting concerns only those that are visible.
 */
export function reduceSelection(state: SelectionState, action: SelectionAction, names: readonly string[]): SelectionState {
  const visible = visibleNames(names, state.filter);
  const cursor = cursorIn(visible, state.cursor);
  const keepHidden = [...state.selected].filter((name) => !visible.includes(name));
  switch (action.type) {
    case 'cursor.by': {
      if (cursor === null) return state;
      const index = Math.min(Math.max(visible.indexOf(cursor) + action.rows, 0), visible.length - 1);
      return { ...state, cursor: visible[index] ?? null, follow: false };
    }
    case 'cursor.to':
      return { ...state, cursor: action.name, follow: false };
    case 'cursor.follow':
      return { ...state, follow: !state.follow };
    case 'select.toggle': {
      if (cursor === null) return state;
      const selected = new Set(state.selected);
      if (!selected.delete(cursor)) selected.add(cursor);
      // The next row, so that several are selected by holding the key.
      const next = visible[visible.indexOf(cursor) + 1] ?? cursor;
      return { ...state, selected, cursor: next, follow: false };
    }
    case 'select.all':
      return { ...state, selected: new Set([...keepHidden, ...visible]) };
    case 'select.none':
      return { ...state, selected: new Set(keepHidden) };
    case 'select.invert':
      return { ...state, selected: new Set([...keepHidden, ...visible.filter((name) => !state.selected.has(name))]) };
    case 'filter.set':
      // `open` finds opendir too; who types a whole name means that one.
      return { ...state, filter: action.text, cursor: names.includes(action.text) ? action.text : state.cursor };
  }
}
