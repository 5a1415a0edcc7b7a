import { type Phase, phases, phaseTitles } from '../../src/model/events.ts';
import { cleanLine } from '../text/clean.ts';
import { justify, type Line, span } from '../text/line.ts';
import { byteSize, clockTime, shortDuration } from '../text/numbers.ts';
import { fit, wrapText } from '../text/width.ts';
import type { ContainerView, DashboardView, PhaseView } from '../view/dashboard-view.ts';
import { kernelName } from './kernel-name.ts';
import { phaseMark } from './marks.ts';

export interface EnvironmentOptions {
  readonly width: number;
  readonly height: number;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly tick: number;
  /** Last lines of the server's log; as many as could be shown. */
  readonly serverTail: readonly string[];
}

const titleWidth = 18;
/** A step that takes longer is worth its seconds. */
const longStepMs = 100;

function phaseLine(phase: Phase, state: PhaseView | undefined, { width, now, tick }: EnvironmentOptions): Line {
  const title = fit(phaseTitles[phase], titleWidth);
  if (state === undefined) return [phaseMark('waiting'), ' ', span(title, 'dim')];
  const { status, durationMs, detail, progress } = state;
  const elapsedMs = durationMs ?? (status === 'running' ? Math.max(0, now - state.startedAt) : 0);
  const time = elapsedMs < longStepMs ? '' : shortDuration(elapsedMs);
  const about = cleanLine((status === 'running' ? progress : detail) ?? '');
  const tone = status === 'failed' ? 'failed' : 'dim';
  const name = status === 'running' ? span(title, 'running') : status === 'failed' ? span(title, 'failed') : title;
  return justify([phaseMark(status, tick), ' ', name, ' ', span(about, tone)], time === '' ? [] : [' ', time], width);
}

/** `ganesha:latest  ready  up 1:23`. */
function containerLine({ image, state, startedAt }: ContainerView, now: number): Line {
  const good = state === 'ready' || state === 'running';
  const tone = state === null || state === 'exited' ? 'dim' : good ? 'passed' : state === 'started' ? 'running' : 'failed';
  const uptime = startedAt === null ? '' : ` up ${clockTime(now - startedAt)}`;
  return [span('server ', 'dim'), image ?? 'none', '  ', span(state ?? 'not started', tone), uptime];
}

function loadLine({ cpuPercent, memoryBytes, restarts, port }: ContainerView): Line {
  const cpu = cpuPercent === null ? '-' : `${cpuPercent.toFixed(0)}%`;
  const memory = memoryBytes === null ? '-' : byteSize(memoryBytes);
  const again = restarts === 1 ? '1 restart' : `${restarts} restarts`;
  return [
    span('cpu ', 'dim'),
    cpu,
    span(' mem ', 'dim'),
    memory,
    '  ',
    restarts > 0 ? span(again, 'warning') : span(again, 'dim'),
    port === null ? '' : span(`  :${port}`, 'dim'),
  ];
}

function clientLine({ client }: DashboardView): Line {
  const { state, accelerator, kernel } = client;
  const tone = state === 'ready' ? 'passed' : state === 'booting' ? 'running' : state === 'gone' ? 'failed' : 'dim';
  const about = [kernel === null ? null : kernelName(kernel), accelerator].filter((part) => part !== null);
  return [span('client ', 'dim'), span(state, tone), about.length === 0 ? '' : `  ${about.join(', ')}`];
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

/** Steps of a first start, which later ones leave out. */
const coldOnly: ReadonlySet<Phase> = new Set(['vm-boot', 'vm-save']);

/** Server and client, and the steps that lead there; what is most telling comes first, for the pane may be low. */
export function environmentLines(view: DashboardView, options: EnvironmentOptions): Line[] {
  const { height, now } = options;
  const status = [containerLine(view.container, now), loadLine(view.container), clientLine(view)];
  const settled = view.environment === 'ready' || view.environment === 'running' || view.environment === 'stopped';
  const shown = phases.filter((phase) => !coldOnly.has(phase) || view.phases.some((entry) => entry.phase === phase));
  const roomy = height >= shown.length + status.length;
  const steps =
    settled && !roomy
      ? []
      : shown.map((phase) =>
          phaseLine(
            phase,
            view.phases.find((entry) => entry.phase === phase),
            options,
          ),
        );
  const lines = settled || roomy ? [...status, ...steps] : [...steps, ...status];
  const room = height - lines.length;
  const tail = tailRows(options.serverTail, options.width, room).map((row): Line => [span(row, 'dim')]);
  return [...lines, ...tail];
}
