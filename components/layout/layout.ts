import type { PaneId, UiState } from '../ui/ui-state.ts';
import type { DashboardView, EnvironmentState } from '../view/dashboard-view.ts';

/** What stands in a place; the environment pane takes no focus. */
export type PlaceId = PaneId | 'environment';

export interface Place {
  readonly id: PlaceId;
  /** 0-based, from the top left corner of the screen. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** The panes that share this place; one is shown at a time. */
  readonly tabs: readonly PaneId[];
}

export interface Layout {
  readonly columns: number;
  readonly rows: number;
  readonly places: readonly Place[];
}

export const smallest = { columns: 80, rows: 24 } as const;
export const headerRows = 2;
export const footerRows = 1;

/** Columns of a lane's number and the blank before it; none where there is one lane. */
export const laneColumns = (lanes: number): number => (lanes === 1 ? 0 : 1 + String(lanes).length);

interface Item {
  readonly id: PlaceId;
  readonly height: number;
  readonly tabs?: readonly PaneId[];
}

function stack(left: number, width: number, items: readonly Item[]): Place[] {
  let top = headerRows;
  return items.map(({ id, height, tabs = [] }) => {
    const place = { id, left, top, width, height, tabs };
    top += height;
    return place;
  });
}

/** Lanes that the environment pane makes room for; of more it says how many there are. */
const mostLaneRows = 6;

/** Rows of the environment pane: all steps while something starts, stops or has failed; a few once it stands, and one per lane where there are several. */
function environmentRows(environment: EnvironmentState, small: boolean, lanes: number): number {
  const busy = environment === 'starting' || environment === 'stopping' || environment === 'failed';
  const more = Math.max(0, Math.min(lanes, mostLaneRows) - 2);
  if (small) return busy ? 12 : 5 + more;
  // A first start has two steps more than others; with several lanes they would push the last of them out.
  return (busy ? (lanes > 1 ? 16 : 14) : 8) + more;
}

/** Columns of the list of testcases; with several lanes there is a column for them. */
const listColumns = (columns: number, lanes: number): number => (columns >= 160 ? 54 : columns >= 110 ? 48 : 39) + laneColumns(lanes);

/** Where everything stands. Null where the terminal is too small. Heights and widths sum up to the screen exactly. */
export function layoutFor(
  columns: number,
  rows: number,
  ui: Pick<UiState, 'focus' | 'side' | 'log' | 'zoomed'>,
  { environment, laneStates }: Pick<DashboardView, 'environment' | 'laneStates'>,
): Layout | null {
  if (columns < smallest.columns || rows < smallest.rows) return null;
  const height = rows - headerRows - footerRows;
  if (ui.zoomed) return { columns, rows, places: stack(0, columns, [{ id: ui.focus, height }]) };

  const lanes = laneStates.length;
  const listWidth = listColumns(columns, lanes);
  const restWidth = columns - listWidth;
  const list = stack(0, listWidth, [{ id: 'testcases', height }]);
  if (columns >= 160 && rows >= 42) {
    const middle = Math.floor(restWidth * 0.45);
    const steps = 18 + Math.max(0, Math.min(lanes, mostLaneRows) - 2);
    const third = Math.floor(height / 3);
    return {
      columns,
      rows,
      places: [
        ...list,
        ...stack(listWidth, middle, [
          { id: 'detail', height: height - steps },
          { id: 'environment', height: steps },
        ]),
        ...stack(listWidth + middle, restWidth - middle, [
          { id: 'server', height: third },
          { id: 'console', height: height - 2 * third },
          { id: 'suite', height: third },
        ]),
      ],
    };
  }
  if (rows >= 36) {
    const steps = environmentRows(environment, false, lanes);
    const upper = Math.ceil((height - steps) / 2);
    const right: Item[] = [
      { id: 'detail', height: upper },
      { id: ui.log, height: height - steps - upper, tabs: ['server', 'console', 'suite'] },
      { id: 'environment', height: steps },
    ];
    return { columns, rows, places: [...list, ...stack(listWidth, restWidth, right)] };
  }
  const steps = environmentRows(environment, true, lanes);
  const right: Item[] = [
    { id: ui.side, height: height - steps, tabs: ['detail', 'server', 'console', 'suite'] },
    { id: 'environment', height: steps },
  ];
  return { columns, rows, places: [...list, ...stack(listWidth, restWidth, right)] };
}

/** What stands at a cell (0-based). */
export const placeAt = ({ places }: Layout, column: number, row: number): Place | undefined =>
  places.find(({ left, top, width, height }) => column >= left && column < left + width && row >= top && row < top + height);

/** Lines between the borders of a pane; a pane that is not shown scrolls as if it were of a common height. */
export function linesIn(layout: Layout | null, id: PlaceId): number {
  const place = layout?.places.find((candidate) => candidate.id === id);
  return place ? place.height - 2 : 10;
}
