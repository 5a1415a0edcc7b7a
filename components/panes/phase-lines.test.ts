import { expect, test } from 'vitest';
import type { Phase } from '../../src/model/events.ts';
import { newLanes } from '../../src/model/lane-state.ts';
import { plainText } from '../text/line.ts';
import { emptyView, type PhaseView } from '../view/dashboard-view.ts';
import { phaseLines } from './phase-lines.ts';

const entry = (phase: Phase, lane: number, change: Partial<PhaseView> = {}): PhaseView => ({
  ...{ phase, lane, status: 'ok', durationMs: 500, detail: null, progress: null, startedAt: 0 },
  ...change,
});

/** The row of a step, without blanks at its end. */
function rowOf(phase: Phase, lanes: number, ...phases: readonly PhaseView[]): string {
  const view = { ...emptyView([]), laneStates: newLanes(lanes), phases };
  const title = { server: 'start server', 'server-image': 'build server image', upload: 'upload suite', suite: 'run testcases' }[phase as string] ?? '';
  const line = phaseLines(view, { width: 80, now: 2000, tick: 0 }).find((row) => plainText(row).includes(title));
  return plainText(line ?? [])
    .replace(/ +/g, ' ')
    .trimEnd();
}

test('one lane has no numbers', () => {
  expect(rowOf('server', 1, entry('server', 0, { detail: 'on port 4000' }))).toBe('✔ start server on port 4000 0.5s');
  expect(rowOf('suite', 1)).toBe('· run testcases');
});

test('lanes that are equally far are one row, with the time of the slowest and what all of them say', () => {
  expect(rowOf('server', 2, entry('server', 0, { detail: 'same' }), entry('server', 1, { detail: 'same', durationMs: 700 }))).toBe('✔ start server same 0.7s');
  expect(rowOf('server', 2, entry('server', 0, { detail: ':4000' }), entry('server', 1, { detail: ':4010' }))).toBe('✔ start server 0.5s');
});

test('lanes that differ have a mark each', () => {
  expect(rowOf('server', 2, entry('server', 0), entry('server', 1, { status: 'running', durationMs: null, progress: 'waits' }))).toBe(
    '⠋ start server 1✔ 2⠋ lane 2: waits 2.0s',
  );
  expect(rowOf('suite', 3, entry('suite', 1))).toBe('· run testcases 1· 2✔ 3· 0.5s');
});

test('what failed is said, and in which lane', () => {
  expect(rowOf('server', 2, entry('server', 0), entry('server', 1, { status: 'failed', detail: 'no port' }))).toBe('✘ start server 1✔ 2✘ lane 2: no port 0.5s');
  expect(rowOf('suite', 2, entry('suite', 0, { status: 'cancelled' }), entry('suite', 1, { status: 'failed', detail: 'lost' }))).toBe(
    '✘ run testcases 1- 2✘ lane 2: lost 0.5s',
  );
});

test('a step that is taken once for all lanes waits for none of them', () => {
  expect(rowOf('server-image', 2, entry('server-image', 0, { detail: 'unchanged' }))).toBe('✔ build server image unchanged 0.5s');
  expect(rowOf('upload', 2, entry('upload', 1))).toBe('✔ upload suite 0.5s');
});
