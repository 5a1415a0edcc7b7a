import { type Phase, phases, phaseTitles } from '../../src/model/events.ts';
import { cleanLine } from '../text/clean.ts';
import { justify, type Line, span } from '../text/line.ts';
import { shortDuration } from '../text/numbers.ts';
import { fit } from '../text/width.ts';
import type { DashboardView, PhaseView } from '../view/dashboard-view.ts';
import { phaseMark } from './marks.ts';

export interface PhaseOptions {
  readonly width: number;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly tick: number;
}

type Status = PhaseView['status'] | 'waiting';

const titleWidth = 18;
/** A step that takes longer is worth its seconds. */
const longStepMs = 100;

/** Steps of a first start, which later ones leave out. */
const coldOnly: ReadonlySet<Phase> = new Set(['vm-boot', 'vm-save']);

/** Steps that every lane takes; the others are taken once for all of them. */
const ofEachLane: ReadonlySet<Phase> = new Set(['server', 'vm', 'connect', 'suite', 'stop']);

/** What a step comes to where the lanes differ: the first of these that one of them has. */
const telling: readonly Status[] = ['failed', 'running', 'cancelled', 'waiting', 'ok'];

function rowOf(phase: Phase, status: Status, about: Line, elapsedMs: number, { width, tick }: PhaseOptions): Line {
  const title = fit(phaseTitles[phase], titleWidth);
  if (status === 'waiting' && about.length === 0) return [phaseMark('waiting'), ' ', span(title, 'dim')];
  const time = elapsedMs < longStepMs ? '' : shortDuration(elapsedMs);
  const name = status === 'running' ? span(title, 'running') : status === 'failed' ? span(title, 'failed') : title;
  return justify([phaseMark(status, tick), ' ', name, ' ', ...about], time === '' ? [] : [' ', time], width);
}

const elapsedOf = ({ durationMs, status, startedAt }: PhaseView, now: number): number =>
  durationMs ?? (status === 'running' ? Math.max(0, now - startedAt) : 0);

const aboutOf = ({ status, progress, detail }: PhaseView): string => cleanLine((status === 'running' ? progress : detail) ?? '');

/** One row for a step of all lanes; where they are not equally far, each with its mark, and what the one that is worst off has to say. */
function phaseLine(phase: Phase, { phases: entries, laneStates }: DashboardView, options: PhaseOptions): Line {
  const found = entries.filter((entry) => entry.phase === phase);
  const everyLane = laneStates.length > 1 && ofEachLane.has(phase) && found.length > 0;
  const states = everyLane ? laneStates.map((_, lane) => found.find((entry) => entry.lane === lane)) : found;
  const statusOf = (state: PhaseView | undefined): Status => state?.status ?? 'waiting';
  const status = telling.find((candidate) => states.some((state) => statusOf(state) === candidate)) ?? 'waiting';
  const elapsedMs = Math.max(0, ...found.map((state) => elapsedOf(state, options.now)));
  const differ = states.some((state) => statusOf(state) !== status);
  const marks = differ ? states.flatMap((state, lane): Line => [span(String(lane + 1), 'dim'), phaseMark(statusOf(state), options.tick), ' ']) : [];
  const texts = found.filter((state) => state.status === status).map((state) => ({ lane: state.lane, text: aboutOf(state) }));
  const same = texts.every(({ text }) => text === texts[0]?.text);
  const [first] = texts;
  // Of what went well in each lane in its own way the lanes' own rows say what matters: their ports.
  if (first === undefined || first.text === '' || (!same && status === 'ok')) return rowOf(phase, status, marks, elapsedMs, options);
  const ofOne = everyLane && (differ || !same);
  const text = span(ofOne ? `lane ${first.lane + 1}: ${first.text}` : first.text, status === 'failed' ? 'failed' : 'dim');
  return rowOf(phase, status, [...marks, text], elapsedMs, options);
}

/** The steps of the lifecycle, one row each. */
export function phaseLines(view: DashboardView, options: PhaseOptions): Line[] {
  const shown = phases.filter((phase) => !coldOnly.has(phase) || view.phases.some((entry) => entry.phase === phase));
  return shown.map((phase) => phaseLine(phase, view, options));
}
