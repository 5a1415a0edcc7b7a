import { describe, expect, test } from 'vitest';
import { newLanes } from '../../src/model/lane-state.ts';
import { initialUi, type UiState } from '../ui/ui-state.ts';
import { type Layout, layoutFor, placeAt } from './layout.ts';

const running = { environment: 'running', laneStates: newLanes(1) } as const;
const sizes = Array.from({ length: 30 }, (_, index) => [80 + index * 6, 24 + index * 2] as const);
const uis: readonly UiState[] = [initialUi(), { ...initialUi(), zoomed: true }, { ...initialUi(), side: 'suite', log: 'suite', focus: 'suite' }];

/** Every cell between header and footer belongs to exactly one place. */
function cellsOf({ columns, rows, places }: Layout): number {
  const taken = new Set<number>();
  for (const { left, top, width, height } of places) {
    for (let row = top; row < top + height; row += 1) for (let column = left; column < left + width; column += 1) taken.add(row * columns + column);
  }
  expect(places.reduce((sum, { width, height }) => sum + width * height, 0)).toBe(taken.size);
  expect(Math.max(...places.map(({ top, height }) => top + height))).toBe(rows - 1);
  return taken.size;
}

describe.each(uis)('layout %#', (ui) => {
  test.each(sizes)('of %i x %i covers the screen', (columns, rows) => {
    for (const [environment, lanes] of [
      ['starting', 1],
      ['running', 2],
      ['running', 4],
      ['failed', 16],
    ] as const) {
      const layout = layoutFor(columns, rows, ui, { environment, laneStates: newLanes(lanes) });
      expect(layout && cellsOf(layout)).toBe(columns * (rows - 3));
    }
  });
});

test('the focused pane is always there', () => {
  for (const focus of ['testcases', 'detail', 'server', 'console', 'suite'] as const) {
    const side = focus === 'testcases' ? 'detail' : focus;
    const log = focus === 'testcases' || focus === 'detail' ? 'console' : focus;
    for (const [columns, rows] of sizes) {
      const layout = layoutFor(columns, rows, { focus, side, log, zoomed: false }, running);
      expect(layout?.places.map(({ id }) => id)).toContain(focus);
    }
  }
});

test('less than 80x24 is too small', () => {
  expect(layoutFor(79, 24, initialUi(), running)).toBeNull();
  expect(layoutFor(80, 23, initialUi(), running)).toBeNull();
});

test('a cell leads to its pane', () => {
  const layout = layoutFor(80, 24, initialUi(), running);
  expect(layout && placeAt(layout, 5, 5)?.id).toBe('testcases');
  expect(layout && placeAt(layout, 50, 5)?.id).toBe('detail');
  expect(layout && placeAt(layout, 50, 21)?.id).toBe('environment');
  expect(layout && placeAt(layout, 5, 0)).toBeUndefined();
});
