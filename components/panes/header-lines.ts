import { phaseTitles } from '../../src/model/events.ts';
import type { Playback } from '../controller.ts';
import { type Line, justify, span } from '../text/line.ts';
import { clockTime } from '../text/numbers.ts';
import type { DashboardView, EnvironmentState } from '../view/dashboard-view.ts';
import { progressOf } from '../view/progress.ts';
import { spinner } from './marks.ts';
import type { Tone } from '../theme/theme.ts';

const tones: Readonly<Record<EnvironmentState, Tone>> = {
  starting: 'running',
  ready: 'passed',
  running: 'running',
  stopping: 'warning',
  failed: 'failed',
  stopped: 'dim',
};

/** What goes on, in one or two words. */
function phaseText({ environment, phases, testcases }: DashboardView): string {
  const running = testcases.find(({ status }) => status === 'running');
  if (environment === 'running') return running === undefined ? 'running' : `running ${running.name}`;
  if (environment !== 'starting') return environment;
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

/** The two rows at the top: what is tested and where it stands; the progress. */
export function headerLines(view: DashboardView, playback: Playback | null, { width, now, tick }: { readonly width: number; readonly now: number; readonly tick: number }): Line[] {
  const { server, nfsVersion, client, environment } = view;
  const busy = environment === 'starting' || environment === 'running' || environment === 'stopping';
  const elapsed = view.startedAt === null ? '' : ` ${clockTime((view.endedAt ?? now) - view.startedAt)}`;
  const facts = [server?.title, nfsVersion === null ? undefined : `NFSv${nfsVersion}`, client.kernel === null ? undefined : `Linux ${client.kernel.replace(/-(cloud-)?(amd64|arm64|virt)$/, '')}`, client.accelerator];
  const left: Line = [span(' nfstest-tui ', 'bold'), span('│ ', 'frame'), facts.filter((fact) => fact !== undefined && fact !== null).join(' · ')];
  const state: Line = [' ', busy ? span(`${spinner(tick)} `, tones[environment]) : '', span(phaseText(view), tones[environment]), span(elapsed, 'dim'), ' '];

  const progress = progressOf(view, now);
  const done = progress.passed + progress.failed + progress.notRun;
  const counts: Line = [
    ` ${done}/${progress.selected} `,
    span(`✔${progress.passed}`, 'passed'),
    ' ',
    span(`✘${progress.failed}`, progress.failed > 0 ? 'failed' : 'dim'),
    ...(progress.notRun > 0 ? [' ', span(`-${progress.notRun}`, 'warning')] : []),
    progress.remainingMs === null ? '' : span(` ${clockTime(progress.remainingMs)} left`, 'dim'),
    ...(playback === null ? [] : [span(' │ ', 'frame'), ...playbackLine(playback)]),
    ' ',
  ];
  const barWidth = Math.max(10, width - 2 - counts.reduce((sum, part) => sum + (typeof part === 'string' ? part.length : part.text.length), 0));
  const bar = progressBar(barWidth, progress.fraction, done === 0 ? 0 : progress.failed / done);
  return [justify(left, state, width), justify([' ', ...bar], counts, width)];
}
