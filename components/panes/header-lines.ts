import { phaseTitles } from '../../src/model/events.ts';
import type { Playback } from '../controller.ts';
import { cleanLine } from '../text/clean.ts';
import { fitLine, justify, type Line, lineWidth, span } from '../text/line.ts';
import { clockTime } from '../text/numbers.ts';
import type { Tone } from '../theme/theme.ts';
import { acceleratorOf, type DashboardView, type EnvironmentState, kernelOf } from '../view/dashboard-view.ts';
import { progressOf } from '../view/progress.ts';
import { kernelName } from './kernel-name.ts';
import { spinner } from './marks.ts';

const tones: Readonly<Record<EnvironmentState, Tone>> = {
  starting: 'running',
  ready: 'passed',
  running: 'running',
  stopping: 'warning',
  failed: 'failed',
  stopped: 'dim',
};

/** What goes on, in one or two words. */
function phaseText({ environment, phases, testcases, watching }: DashboardView): string {
  const [running, ...others] = testcases.filter(({ status }) => status === 'running');
  // With several lanes others run beside it.
  if (environment === 'running') return running === undefined ? 'running' : `running ${running.name}${others.length === 0 ? '' : ` +${others.length}`}`;
  if (environment !== 'starting') return environment === 'ready' && watching !== null ? 'watching' : environment;
  const step = phases.findLast(({ status }) => status === 'running');
  return step === undefined ? 'starting' : phaseTitles[step.phase];
}

function playbackLine({ positionMs, durationMs, speed, paused }: Playback): Line {
  const state = paused ? (positionMs >= durationMs ? 'end' : 'paused') : `▶ ${speed}×`;
  return [span('REPLAY ', 'bold'), state, ` ${clockTime(positionMs)}/${clockTime(durationMs)}`];
}

/** A bar of passed, failed and remaining parts; the failed part has its own character. */
export function progressBar(width: number, fraction: number, failedShare: number): Line {
  const filled = Math.min(width, Math.round(width * fraction));
  const failed = failedShare === 0 || filled === 0 ? 0 : Math.min(filled, Math.max(1, Math.round(filled * failedShare)));
  return [span('█'.repeat(filled - failed), 'passed'), span('▒'.repeat(failed), 'failed'), span('░'.repeat(width - filled), 'dim')];
}

/** `12/33 ✔10 ✘2 ✗1 0:44 left`; `✗` counts those that failed as known. */
function countsLine(view: DashboardView, now: number): Line {
  const { selected, passed, failed, known, notRun, remainingMs } = progressOf(view, now);
  if (selected === 0) return [` ${view.testcases.length} testcases`];
  return [
    ` ${passed + failed + known + notRun}/${selected} `,
    span(`✔${passed}`, 'passed'),
    ' ',
    span(`✘${failed}`, failed > 0 ? 'failed' : 'dim'),
    ...(known > 0 ? [' ', span(`✗${known}`, 'warning')] : []),
    ...(notRun > 0 ? [' ', span(`-${notRun}`, 'warning')] : []),
    remainingMs === null ? '' : span(` ${clockTime(remainingMs)} left`, 'dim'),
  ];
}

/** The bar; where it would stand still, what there is to say instead: the newest note before a run, its outcome after it. */
function progressLine(view: DashboardView, now: number, width: number): Line {
  const { passed, failed, known, notRun, fraction } = progressOf(view, now);
  const done = passed + failed + known + notRun;
  if (view.environment !== 'running' && view.outcome !== null) {
    const bad = failed + notRun > 0 || view.environment === 'failed';
    return fitLine([span(cleanLine(view.outcome), bad ? 'failed' : done > 0 ? 'passed' : 'dim')], width);
  }
  if (view.environment === 'starting' && view.note !== null) return fitLine([span(cleanLine(view.note), 'dim')], width);
  return progressBar(width, fraction, done === 0 ? 0 : failed / done);
}

/** The two rows at the top: what is tested and where it stands; the progress. */
export function headerLines(
  view: DashboardView,
  playback: Playback | null,
  { width, now, tick }: { readonly width: number; readonly now: number; readonly tick: number },
): Line[] {
  const { server, nfsVersion, environment, laneStates } = view;
  const kernel = kernelOf(view);
  const busy = environment === 'starting' || environment === 'running' || environment === 'stopping';
  const elapsed = view.startedAt === null ? '' : ` ${clockTime((view.endedAt ?? now) - view.startedAt)}`;
  const facts = [
    server?.title,
    nfsVersion === null ? undefined : `NFSv${nfsVersion}`,
    laneStates.length === 1 ? undefined : `${laneStates.length} lanes`,
    kernel === null ? undefined : kernelName(kernel),
    acceleratorOf(view),
  ];
  const left: Line = [span(' nfstest-tui ', 'bold'), span('│ ', 'frame'), facts.filter((fact) => fact !== undefined && fact !== null).join(' · ')];
  const state: Line = [' ', busy ? span(`${spinner(tick)} `, tones[environment]) : '', span(phaseText(view), tones[environment]), span(elapsed, 'dim'), ' '];

  const counts: Line = [...countsLine(view, now), ...(playback === null ? [] : [span(' │ ', 'frame'), ...playbackLine(playback)]), ' '];
  const room = Math.max(10, width - 2 - lineWidth(counts));
  return [justify(left, state, width), justify([' ', ...progressLine(view, now, room)], counts, width)];
}
