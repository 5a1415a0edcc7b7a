import { cleanLine } from '../text/clean.ts';
import { type Line, span } from '../text/line.ts';
import { wrapText } from '../text/width.ts';
import type { DashboardView } from '../view/dashboard-view.ts';
import { laneLines } from './lane-lines.ts';
import { phaseLines } from './phase-lines.ts';

export interface EnvironmentOptions {
  readonly width: number;
  readonly height: number;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly tick: number;
  /** Last lines of the server's log; as many as could be shown. */
  readonly serverTail: readonly string[];
}

/** The last whole lines that fit, wrapped: what a line has to say often comes after a long prefix. */
function tailRows(tail: readonly string[], width: number, room: number): readonly string[] {
  let rows: readonly string[] = [];
  for (const text of tail.toReversed()) {
    const wrapped = wrapText(cleanLine(text), width);
    if (rows.length + wrapped.length > room) return rows.length > 0 ? rows : wrapped.slice(0, Math.max(0, room));
    rows = [...wrapped, ...rows];
  }
  return rows;
}

/** Servers and clients, the steps that lead there, and what went wrong meanwhile; what is most telling comes first, for the pane may be low. */
export function environmentLines(view: DashboardView, options: EnvironmentOptions): Line[] {
  const { width, height, now } = options;
  const status = laneLines(view, { width, room: height, now });
  const steps = phaseLines(view, options);
  const settled = view.environment === 'ready' || view.environment === 'running' || view.environment === 'stopped';
  const roomy = height >= steps.length + status.length;
  const warning = view.warning === null ? [] : wrapText(cleanLine(view.warning), width).map((row): Line => [span(row, 'warning')]);
  const shownSteps = settled && !roomy ? [] : steps;
  const lines = settled || roomy ? [...status, ...shownSteps, ...warning] : [...shownSteps, ...status];
  const tail = tailRows(options.serverTail, width, height - lines.length).map((row): Line => [span(row, 'dim')]);
  return [...lines, ...tail];
}
