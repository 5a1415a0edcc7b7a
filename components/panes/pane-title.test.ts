import { expect, test } from 'vitest';
import { plainText } from '../text/line.ts';
import type { PaneId } from '../ui/ui-state.ts';
import { paneTitle } from './pane-title.ts';

const tabs: readonly PaneId[] = ['detail', 'server', 'console', 'suite'];
const titleOf = (id: PaneId, width: number, lane: number | null = null) => plainText(paneTitle({ id, tabs, width }, 'testcases', lane));

test('names every pane that shares the place', () => {
  expect(titleOf('server', 41)).toBe('2 Detail [3 Server] 4 VM 5 Suite');
});

test('names the lane, and of the others as many as there is room for', () => {
  expect(titleOf('server', 60, 1)).toBe('2 Detail [3 Server, lane 2] 4 VM 5 Suite');
  expect(titleOf('server', 39, 1)).toBe('2 [3 Server, lane 2] 4 VM 5 Suite');
  expect(titleOf('console', 39, 11)).toBe('2 3 Server [4 VM, lane 12] 5 Suite');
  expect(titleOf('suite', 30, 0)).toBe('2 3 4 [5 Suite, lane 1]');
});

test('of a place of its own is its name alone', () => {
  expect(plainText(paneTitle({ id: 'server', tabs: [], width: 80 }, 'server', 0))).toBe('3 Server, lane 1');
  expect(plainText(paneTitle({ id: 'environment', tabs: [], width: 80 }, 'server'))).toBe('Environment');
});
