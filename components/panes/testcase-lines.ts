import { laneColumns } from '../layout/layout.ts';
import { type Line, span } from '../text/line.ts';
import { shortDuration } from '../text/numbers.ts';
import { fit } from '../text/width.ts';
import type { TestcaseView } from '../view/dashboard-view.ts';
import { verdictMark } from './marks.ts';

export interface RowOptions {
  readonly width: number;
  readonly cursor: boolean;
  readonly selected: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly tick: number;
  /** Pairs of server and client that share the testcases; where there are several there is a column for them. */
  readonly lanes: number;
}

const nameWidth = 9;
const countWidth = 11;
const timeWidth = 6;
/** The cursor, the box, the mark and the blanks between the columns. */
const fixedWidth = 1 + 3 + 1 + 1 + 1 + nameWidth + 1 + countWidth + 1 + timeWidth;

const counts = ({ passedCount, failedCount }: TestcaseView): string => (passedCount + failedCount === 0 ? '' : `${passedCount}/${passedCount + failedCount}`);

function durationOf({ status, durationMs, startedAt }: TestcaseView, now: number): string {
  if (status === 'running' && startedAt !== null) return shortDuration(Math.max(0, now - startedAt));
  return durationMs === null ? '' : shortDuration(durationMs);
}

/** The verdict of the run before, marked where this run's is another one; with more room also how the duration changed. */
function before({ status, previous, durationMs }: TestcaseView, room: number): Line {
  if (room < 1) return [];
  if (previous === null) return [' '.repeat(room)];
  const mark = verdictMark(previous.verdict);
  const done = status === 'passed' || status === 'failed';
  const changed = done && status !== previous.verdict;
  const shown = changed ? mark : span(mark.text, 'dim');
  if (room < 9) return [fit('', room - 1), shown];
  const deltaMs = done && durationMs !== null && previous.durationMs !== null ? durationMs - previous.durationMs : null;
  const delta = deltaMs === null ? '' : `${deltaMs < 0 ? '-' : '+'}${shortDuration(Math.abs(deltaMs))}`;
  return [' ', shown, span(fit(delta, room - 2, 'right'), 'dim')];
}

/** Number of the lane that runs or ran it; nothing where there is one. */
function laneOf({ lane }: TestcaseView, lanes: number): Line {
  const room = laneColumns(lanes);
  return room === 0 ? [] : [span(fit(lane === null ? '' : String(lane + 1), room, 'right'), 'dim')];
}

/** One row of the list: cursor, box, verdict, name, lane, assertions passed/all, duration, verdict of the last run. */
export function testcaseLine(testcase: TestcaseView, { width, cursor, selected, now, tick, lanes }: RowOptions): Line {
  const { status, name } = testcase;
  const box = selected ? span('[x]', 'bold') : span('[ ]', 'dim');
  const failed = status === 'failed' || (status === 'running' && testcase.failedCount > 0);
  const label = fit(name, nameWidth);
  const nameSpan = cursor ? span(label, 'cursor') : failed ? span(label, 'failed') : status === 'running' ? span(label, 'running') : label;
  const count = fit(counts(testcase), countWidth, 'right');
  const time = fit(durationOf(testcase, now), timeWidth, 'right');
  return [
    cursor ? span('▸', 'running') : ' ',
    box,
    ' ',
    verdictMark(status, tick),
    ' ',
    nameSpan,
    ...laneOf(testcase, lanes),
    ' ',
    failed ? span(count, 'failed') : count,
    ' ',
    span(time, 'dim'),
    ...before(testcase, width - fixedWidth - laneColumns(lanes)),
  ];
}

/** Head of the columns; as wide as the rows. */
export function testcaseHead(width: number, lanes: number): Line {
  const laneWidth = laneColumns(lanes);
  const room = width - fixedWidth - laneWidth;
  // Two columns hold a mark and no heading: the one of the time gives way to the left.
  const time = room >= 2 && room < 4 ? `${fit('time', timeWidth + room - 3)}was` : fit('time', timeWidth, 'right');
  const last = room < 4 ? '' : room < 9 ? fit('was', room, 'right') : ` was${fit('delta', room - 4, 'right')}`;
  return [span(`     ${fit('', 2)}${fit('testcase', nameWidth)}${fit('L', laneWidth, 'right')} ${fit('checks', countWidth, 'right')} ${time}${last}`, 'dim')];
}

/** First visible row, so that the cursor is never at the edge while there is more beyond it. */
export function listTop(count: number, cursorIndex: number, height: number): number {
  return Math.max(0, Math.min(cursorIndex - Math.floor(height / 2), count - height));
}
