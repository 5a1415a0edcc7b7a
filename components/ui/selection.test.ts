import { describe, expect, test } from 'vitest';
import { initialSelection, reduceSelection, type SelectionAction, type SelectionState } from './selection.ts';

const names = ['access', 'open', 'opendir', 'read', 'write'];
const after = (state: SelectionState, ...actions: readonly SelectionAction[]) =>
  actions.reduce((current, action) => reduceSelection(current, action, names), state);
const start = initialSelection();
const chosen = ({ selected }: SelectionState) => [...selected].sort();

describe('the cursor', () => {
  test('moves and stops at both ends', () => {
    expect(after(start, { type: 'cursor.by', rows: 1 }).cursor).toBe('open');
    expect(after(start, { type: 'cursor.by', rows: 99 }).cursor).toBe('write');
    expect(after(start, { type: 'cursor.by', rows: -99 }).cursor).toBe('access');
  });

  test('moves among the visible rows only', () => {
    const filtered = after(start, { type: 'filter.set', text: 'open' });
    expect(filtered.cursor).toBe('open');
    expect(after(filtered, { type: 'cursor.by', rows: 9 }).cursor).toBe('opendir');
  });

  test('goes to the testcase whose whole name is typed', () => {
    expect(after(start, { type: 'filter.set', text: 'write' }).cursor).toBe('write');
    expect(after(start, { type: 'filter.set', text: 'wri' }).cursor).toBeNull();
  });

  test('stays where nothing is visible', () => {
    const filtered = after(start, { type: 'filter.set', text: 'zzz' });
    expect(after(filtered, { type: 'cursor.by', rows: 1 }, { type: 'select.toggle' })).toEqual(filtered);
  });

  test('stops following when it is moved by hand', () => {
    expect(start.follow).toBe(true);
    expect(after(start, { type: 'cursor.by', rows: 1 }).follow).toBe(false);
    expect(after(start, { type: 'cursor.to', name: 'read' }, { type: 'cursor.follow' })).toMatchObject({ cursor: 'read', follow: true });
  });
});

describe('selecting', () => {
  test('toggles the row under the cursor and goes to the next', () => {
    const once = after(start, { type: 'select.toggle' });
    expect(once).toMatchObject({ cursor: 'open' });
    expect(chosen(once)).toEqual(['access']);
    expect(chosen(after(once, { type: 'cursor.to', name: 'access' }, { type: 'select.toggle' }))).toEqual([]);
  });

  test('all, none and invert', () => {
    const all = after(start, { type: 'select.all' });
    expect(chosen(all)).toEqual(names);
    expect(chosen(after(all, { type: 'select.none' }))).toEqual([]);
    expect(chosen(after(start, { type: 'select.toggle' }, { type: 'select.invert' }))).toEqual(['open', 'opendir', 'read', 'write']);
  });

  test('concerns only what the filter shows', () => {
    const filtered = after(initialSelection(['read', 'open']), { type: 'filter.set', text: 'OPEN' });
    expect(chosen(after(filtered, { type: 'select.all' }))).toEqual(['open', 'opendir', 'read']);
    expect(chosen(after(filtered, { type: 'select.none' }))).toEqual(['read']);
    expect(chosen(after(filtered, { type: 'select.invert' }))).toEqual(['opendir', 'read']);
  });
});
