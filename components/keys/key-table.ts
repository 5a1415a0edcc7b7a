import type { DashboardController } from '../controller.ts';
import { isLogPane, type Mode, type PaneId, type UiState } from '../ui/ui-state.ts';
import type { DashboardView } from '../view/dashboard-view.ts';
import { versionGrid } from './versions-command.ts';

export type CommandId =
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'top'
  | 'bottom'
  | 'toggle'
  | 'select-all'
  | 'select-none'
  | 'select-invert'
  | 'filter'
  | 'run'
  | 'rerun-failed'
  | 'stop-tests'
  | 'next-failure'
  | 'previous-failure'
  | 'focus-next'
  | 'focus-previous'
  | 'focus'
  | 'lane'
  | 'next-lane'
  | 'zoom'
  | 'follow'
  | 'wrap'
  | 'copy-command'
  | 'copy-folder'
  | 'open-log'
  | 'shell'
  | 'restart-server'
  | 'watch'
  | 'pause'
  | 'faster'
  | 'slower'
  | 'seek-back'
  | 'seek-forward'
  | 'help'
  | 'back'
  | 'quit'
  | 'interrupt'
  | 'filter-accept'
  | 'filter-clear'
  | 'filter-erase'
  | 'triage'
  | 'versions'
  | 'known'
  | 'known-accept'
  | 'known-cancel'
  | 'known-erase'
  | 'close'
  | 'retry'
  | 'dismiss'
  | 'quit-stop'
  | 'quit-keep'
  | 'quit-cancel';

/** What decides whether a key works now. */
export interface KeyContext {
  readonly ui: UiState;
  readonly view: DashboardView;
  readonly controller: Pick<DashboardController, 'player' | 'shellCommand' | 'runFolder' | 'logFile'>;
}

export interface Binding {
  readonly id: CommandId;
  readonly keys: readonly string[];
  /** For the help; what it does, in a few words. */
  readonly help: string;
  /** For the footer, where the key is worth its room; one word. */
  readonly short?: string;
  /** Modes in which it works; `main` where left out. */
  readonly modes?: readonly Mode[];
  /** Panes in which it works; every one where left out. */
  readonly focus?: (pane: PaneId) => boolean;
  /** Kind of dashboard in which it exists; both where left out. */
  readonly only?: 'live' | 'replay';
  /** Exists only where a run has several lanes. */
  readonly lanes?: true;
  readonly when?: (context: KeyContext) => boolean;
}

const inList = (pane: PaneId) => pane === 'testcases';
const runs = ({ view }: KeyContext) => view.environment === 'running';
const mayRun = ({ view }: KeyContext) => view.environment === 'ready' || view.environment === 'starting';
const hasFailed = ({ view }: KeyContext) => view.testcases.some(({ status }) => status === 'failed' || status === 'not-run');

const hasShell = ({ view, controller }: KeyContext) => view.laneStates.some((_, lane) => controller.shellCommand(lane) !== null);
const serverRuns = ({ view }: KeyContext) => view.laneStates.some(({ container }) => container.startedAt !== null);

/** Keys of the first lanes; the panes have the digits before them. */
export const lanesOfKeys: readonly string[] = ['6', '7', '8', '9'];

/** Every key there is. The help, the footer and the tests are made from this table. */
export const keyTable: readonly Binding[] = [
  { id: 'up', keys: ['up', 'k'], help: 'up', modes: ['main'] },
  { id: 'down', keys: ['down', 'j'], help: 'down', modes: ['main'] },
  { id: 'page-up', keys: ['pageup'], help: 'page up' },
  { id: 'page-down', keys: ['pagedown'], help: 'page down' },
  { id: 'top', keys: ['g', 'home'], help: 'to the beginning' },
  { id: 'bottom', keys: ['G', 'end'], help: 'to the end' },

  { id: 'run', keys: ['enter'], help: 'run the selected testcases', short: 'run', only: 'live', when: mayRun },
  { id: 'stop-tests', keys: ['x'], help: 'stop the running tests', short: 'stop', only: 'live', when: runs },
  { id: 'toggle', keys: ['space'], help: 'select', short: 'select', focus: inList },
  { id: 'select-all', keys: ['a'], help: 'select all', short: 'all', focus: inList },
  { id: 'select-none', keys: ['n'], help: 'select none', short: 'none', focus: inList },
  { id: 'select-invert', keys: ['i'], help: 'invert the selection', focus: inList },
  {
    id: 'rerun-failed',
    keys: ['r'],
    help: 'rerun what has not passed',
    short: 'rerun failed',
    only: 'live',
    when: (context) => mayRun(context) && hasFailed(context),
  },
  { id: 'filter', keys: ['/'], help: 'filter the testcases', short: 'filter' },
  { id: 'triage', keys: ['t'], help: 'whose fault is it?', only: 'live', when: (context) => context.view.environment === 'ready' && hasFailed(context) },
  { id: 'versions', keys: ['v'], help: 'grid of NFS versions', when: ({ view }) => versionGrid(view).length > 0 },
  { id: 'known', keys: ['K'], help: 'expect these failures', only: 'live', when: hasFailed },
  { id: 'next-failure', keys: [']'], help: 'to the next failure', when: hasFailed },
  { id: 'previous-failure', keys: ['['], help: 'to the previous failure', when: hasFailed },

  { id: 'pause', keys: ['p'], help: 'replay: pause, go on', short: 'pause', only: 'replay' },
  { id: 'faster', keys: ['+', '='], help: 'replay: faster', short: 'faster', only: 'replay' },
  { id: 'slower', keys: ['-'], help: 'replay: slower', only: 'replay' },
  { id: 'seek-back', keys: ['left'], help: 'replay: 10 s back', only: 'replay' },
  { id: 'seek-forward', keys: ['right'], help: 'replay: 10 s on', short: '+10s', only: 'replay' },

  { id: 'follow', keys: ['f'], help: 'follow what is running', short: 'follow', focus: (pane) => pane !== 'detail' },
  { id: 'wrap', keys: ['w'], help: 'wrap long lines', short: 'wrap', focus: isLogPane },
  { id: 'focus-next', keys: ['tab'], help: 'next pane', short: 'pane' },
  { id: 'focus-previous', keys: ['shift+tab'], help: 'previous pane' },
  { id: 'focus', keys: ['1', '2', '3', '4', '5'], help: 'that pane' },
  { id: 'lane', keys: lanesOfKeys, help: 'that lane; again: follow', lanes: true },
  { id: 'next-lane', keys: ['L'], help: 'logs of the next lane', short: 'lane', lanes: true },
  { id: 'zoom', keys: ['z'], help: 'zoom the pane', short: 'zoom' },
  { id: 'open-log', keys: ['l'], help: 'whole log in $PAGER', short: 'log', modes: ['main'] },
  { id: 'copy-command', keys: ['y'], help: 'copy a command to repeat', short: 'copy' },
  { id: 'copy-folder', keys: ['Y'], help: 'copy the run’s folder', when: ({ controller }) => controller.runFolder() !== null },
  { id: 'shell', keys: ['s'], help: 'shell in the VM', short: 'shell', only: 'live', when: hasShell },
  { id: 'restart-server', keys: ['R'], help: 'restart the server', only: 'live', when: serverRuns },
  { id: 'watch', keys: ['W'], help: 'rerun on changes, or not', only: 'live' },
  { id: 'back', keys: ['escape'], help: 'clear filter, leave zoom' },
  { id: 'help', keys: ['?'], help: 'this help', short: 'help' },
  { id: 'quit', keys: ['q'], help: 'quit; asks if tests run', short: 'quit' },
  { id: 'interrupt', keys: ['ctrl+c'], help: 'quit; twice: at once', modes: ['main', 'filter', 'known', 'help', 'quit', 'failure', 'notice'] },

  { id: 'filter-accept', keys: ['enter'], help: 'keep the filter', short: 'keep', modes: ['filter'] },
  { id: 'filter-clear', keys: ['escape'], help: 'no filter', short: 'clear', modes: ['filter'] },
  { id: 'filter-erase', keys: ['backspace'], help: 'erase a character', modes: ['filter'] },
  { id: 'up', keys: ['up'], help: 'up', modes: ['filter'] },
  { id: 'down', keys: ['down'], help: 'down', modes: ['filter'] },

  { id: 'known-accept', keys: ['enter'], help: 'write it down', short: 'write it down', modes: ['known'] },
  { id: 'known-cancel', keys: ['escape'], help: 'leave it', short: 'leave it', modes: ['known'] },
  { id: 'known-erase', keys: ['backspace'], help: 'erase a character', modes: ['known'] },

  { id: 'retry', keys: ['r'], help: 'try again', short: 'try again', modes: ['failure'], only: 'live' },
  { id: 'open-log', keys: ['l'], help: 'the whole log', short: 'whole log', modes: ['failure'] },
  { id: 'dismiss', keys: ['escape', 'enter'], help: 'look around', short: 'look around', modes: ['failure'] },
  { id: 'quit', keys: ['q'], help: 'quit', short: 'quit', modes: ['failure'] },

  { id: 'quit-stop', keys: ['y', 'enter'], help: 'stop everything and quit', short: 'stop everything', modes: ['quit'] },
  { id: 'quit-keep', keys: ['k'], help: 'quit and leave the environment running', short: 'leave it running', modes: ['quit'] },
  { id: 'quit-cancel', keys: ['n', 'escape', 'q'], help: 'go on', short: 'go on', modes: ['quit'] },

  { id: 'close', keys: ['escape', 'enter', 'q', '?'], help: 'close', short: 'close', modes: ['help'] },
  { id: 'close', keys: ['escape', 'enter', 'q', 'y', 'Y'], help: 'close', short: 'close', modes: ['notice'] },
];

/** The bindings that a dashboard of this kind has. */
export const bindingsOf = ({ controller, view }: Pick<KeyContext, 'controller' | 'view'>): readonly Binding[] =>
  keyTable
    .filter(({ only }) => only === undefined || (only === 'replay') === (controller.player !== null))
    .filter(({ lanes = false }) => !lanes || view.laneStates.length > 1);

/** The bindings that work now, in the table's order. */
export function activeBindings(mode: Mode, context: KeyContext): readonly Binding[] {
  return bindingsOf(context).filter(
    ({ modes = ['main'], focus, when }) => modes.includes(mode) && (focus?.(context.ui.focus) ?? true) && (when?.(context) ?? true),
  );
}

const labels: Readonly<Record<string, string>> = {
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  enter: 'Enter',
  space: 'Space',
  escape: 'Esc',
  tab: 'Tab',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  home: 'Home',
  end: 'End',
  backspace: 'Backspace',
  'ctrl+c': 'Ctrl+C',
  'shift+tab': 'Shift+Tab',
};

/** A key as the help and the footer print it. */
export const keyLabel = (key: string): string => labels[key] ?? key;
