import { type ClientState, type ContainerState, type LaneState, laneOf } from '../../src/model/lane-state.ts';
import { type Line, lineWidth, span } from '../text/line.ts';
import { byteSize, clockTime } from '../text/numbers.ts';
import { fit } from '../text/width.ts';
import type { Tone } from '../theme/theme.ts';
import { acceleratorOf, type DashboardView, kernelOf } from '../view/dashboard-view.ts';
import { kernelName } from './kernel-name.ts';

function containerTone({ state }: ContainerState): Tone {
  if (state === null || state === 'exited') return 'dim';
  if (state === 'ready' || state === 'running') return 'passed';
  return state === 'started' ? 'running' : 'failed';
}

const clientTones: Readonly<Record<ClientState['state'], Tone>> = { off: 'dim', booting: 'running', ready: 'passed', gone: 'failed' };

const cpuOf = ({ cpuPercent }: ContainerState): string => (cpuPercent === null ? '-' : `${cpuPercent.toFixed(0)}%`);
const memoryOf = ({ memoryBytes }: ContainerState): string => (memoryBytes === null ? '-' : byteSize(memoryBytes));
const uptimeOf = ({ startedAt }: ContainerState, now: number): string => (startedAt === null ? '' : ` up ${clockTime(now - startedAt)}`);
const restartsOf = ({ restarts }: ContainerState): string => (restarts === 1 ? '1 restart' : `${restarts} restarts`);

/** `ganesha:latest  ready  up 1:23`. */
function containerLine(container: ContainerState, now: number): Line {
  const { image, state } = container;
  return [span('server ', 'dim'), image ?? 'none', '  ', span(state ?? 'not started', containerTone(container)), uptimeOf(container, now)];
}

function loadLine(container: ContainerState): Line {
  const { restarts, port } = container;
  return [
    ...[span('cpu ', 'dim'), cpuOf(container), span(' mem ', 'dim'), memoryOf(container), '  '],
    span(restartsOf(container), restarts > 0 ? 'warning' : 'dim'),
    port === null ? '' : span(`  :${port}`, 'dim'),
  ];
}

const aboutClients = (view: DashboardView): string => {
  const kernel = kernelOf(view);
  return [kernel === null ? null : kernelName(kernel), acceleratorOf(view)].filter((part) => part !== null).join(', ');
};

function clientLine(view: DashboardView): Line {
  const { state } = laneOf(view).client;
  const about = aboutClients(view);
  return [span('client ', 'dim'), span(state, clientTones[state]), about === '' ? '' : `  ${about}`];
}

/** `1 ready 78% 10.2 MiB  VM ready`, with more where there is room for it. */
function laneLine({ container, client }: LaneState, label: string, width: number, now: number): Line {
  const { state, port, restarts } = container;
  const load: Line = container.memoryBytes === null ? [] : [` ${cpuOf(container)} ${memoryOf(container)}`];
  let line: Line = [
    ...[span(`${label} `, 'bold'), span('server ', 'dim'), span(state ?? 'not started', containerTone(container)), ...load],
    ...[span('  VM ', 'dim'), span(client.state, clientTones[client.state])],
  ];
  const again: Line = restarts > 0 ? ['  ', span(restartsOf(container), 'warning')] : [];
  for (const part of [again, [span(uptimeOf(container, now), 'dim')], port === null ? [] : [span(`  :${port}`, 'dim')]] satisfies Line[])
    if (lineWidth(line) + lineWidth(part) <= width) line = [...line, ...part];
  return line;
}

/** What all lanes have in common, then a row for each; where there is no room for all of them, the last row says so. */
function severalLines(view: DashboardView, width: number, room: number, now: number): Line[] {
  const { laneStates } = view;
  const about = aboutClients(view);
  const common: Line = [laneOf(view).container.image ?? 'no server', span(about === '' ? '' : `  client ${about}`, 'dim')];
  const rows = laneStates.map((state, lane) => laneLine(state, fit(String(lane + 1), String(laneStates.length).length, 'right'), width, now));
  const fits = Math.max(1, room - 1);
  const shown = rows.length <= fits ? rows : [...rows.slice(0, fits - 1), [span(`and ${rows.length - fits + 1} more lanes`, 'dim')]];
  return [common, ...shown];
}

export interface LaneOptions {
  readonly width: number;
  /** Rows that there are. */
  readonly room: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** State and load of server and client; where there are several lanes, a row for each of them. */
export function laneLines(view: DashboardView, { width, room, now }: LaneOptions): Line[] {
  if (view.laneStates.length > 1) return severalLines(view, width, room, now);
  const { container } = laneOf(view);
  return [containerLine(container, now), loadLine(container), clientLine(view)];
}
