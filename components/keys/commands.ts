import { linesIn } from '../layout/layout.ts';
import { channelOf, type Session } from '../session.ts';
import type { SelectionAction } from '../ui/selection.ts';
import { isLogPane, type PaneId, panes } from '../ui/ui-state.ts';
import { type CommandId, lanesOfKeys } from './key-table.ts';
import { askForReason, writeKnown } from './known-commands.ts';
import { copy, copyFolder, openLog, openShell } from './terminal-commands.ts';
import { showVersions } from './versions-command.ts';

type Command = (session: Session, key: string) => void;

const seekStepMs = 10_000;

const select = (session: Session, action: SelectionAction) => session.ui.dispatch({ type: 'selection', action, names: session.names, shown: session.cursor() });

/** Moves in the pane that has the focus: the cursor of the list, the text of another. */
export function move(session: Session, rows: number, pane: PaneId = session.ui.getSnapshot().focus): void {
  if (pane === 'testcases') select(session, { type: 'cursor.by', rows });
  else session.ui.dispatch({ type: 'scroll', pane, lines: rows, extent: session.extent(pane), lane: session.lane() });
}

const page = (session: Session) => Math.max(1, linesIn(session.layout(), session.ui.getSnapshot().focus) - 2);

function moveToFailure(session: Session, direction: 1 | -1): void {
  const { testcases } = session.view;
  const from = testcases.findIndex(({ name }) => name === session.cursor());
  const order = testcases.map((_, index) => testcases[(from + direction * (index + 1) + testcases.length * 2) % testcases.length]);
  const found = order.find((testcase) => testcase?.status === 'failed' || testcase?.status === 'not-run');
  if (found) select(session, { type: 'cursor.to', name: found.name });
}

function runSelected(session: Session): void {
  const { selected } = session.ui.getSnapshot().selection;
  const cursor = session.cursor();
  const names = selected.size > 0 ? session.names.filter((name) => selected.has(name)) : cursor === null ? [] : [cursor];
  start(session, names);
}

/** What a change runs where everything has passed: the selection, else the last run's testcases, else the one under the cursor. */
function toggleWatch(session: Session): void {
  const { selected } = session.ui.getSnapshot().selection;
  const cursor = session.cursor();
  const chosen = session.names.filter((name) => selected.has(name));
  session.controller.toggleWatch(chosen.length > 0 ? chosen : session.view.selected.length > 0 ? session.view.selected : cursor === null ? [] : [cursor]);
}

function start(session: Session, names: readonly string[]): void {
  if (names.length === 0) return;
  session.controller.run(names);
  if (!session.ui.getSnapshot().selection.follow) select(session, { type: 'cursor.follow' });
  // Where they run at once, header and list say so.
  if (session.view.environment !== 'starting') return;
  const what = names.length === 1 ? 'one testcase starts' : `${names.length} testcases start`;
  session.ui.dispatch({ type: 'message', message: `${what} when the environment is ready` });
}

function quit(session: Session, keep: boolean): void {
  session.ui.dispatch({ type: 'quitting' });
  void session.controller.quit({ keep }).then((exitCode) => session.host.close(exitCode));
}

/** Asks where something would be lost: running tests, or an environment that was there before. */
function askToQuit(session: Session): void {
  const { controller, view } = session;
  const stands = view.environment === 'ready' || view.environment === 'running';
  const asks = controller.player === null && (view.environment === 'running' || (controller.attached && stands));
  if (asks) session.ui.dispatch({ type: 'mode', mode: 'quit' });
  else quit(session, false);
}

function interrupt(session: Session): void {
  if (session.ui.getSnapshot().quitting) session.controller.force();
  else if (session.mode === 'quit') quit(session, false);
  else askToQuit(session);
}

function follow(session: Session): void {
  const { focus } = session.ui.getSnapshot();
  if (focus === 'testcases') select(session, { type: 'cursor.follow' });
  else session.ui.dispatch({ type: 'follow', pane: focus, extent: session.extent(focus), lane: session.lane() });
}

/** Shows a lane's logs from now on; the same key again lets them go with the cursor. */
function chooseLane(session: Session, lane: number): void {
  if (lane >= session.view.laneStates.length) session.ui.dispatch({ type: 'message', message: `there are ${session.view.laneStates.length} lanes` });
  else session.ui.dispatch({ type: 'lane', lane: session.ui.getSnapshot().lane === lane ? null : lane });
}

const nextLane = (session: Session) => session.ui.dispatch({ type: 'lane', lane: (session.lane() + 1) % session.view.laneStates.length });

function back(session: Session): void {
  if (session.ui.getSnapshot().selection.filter !== '') select(session, { type: 'filter.set', text: '' });
  else session.ui.dispatch({ type: 'unzoom' });
}

const toMode =
  (mode: 'main' | 'help' | 'filter'): Command =>
  (session) =>
    session.ui.dispatch({ type: 'mode', mode });

function eraseFilter(session: Session): void {
  const { filter } = session.ui.getSnapshot().selection;
  if (filter === '') session.ui.dispatch({ type: 'mode', mode: 'main' });
  else select(session, { type: 'filter.set', text: filter.slice(0, -1) });
}

/** Adds what was typed to the filter; testcases have names of small letters. */
export function typeIntoFilter(session: Session, character: string): void {
  select(session, { type: 'filter.set', text: session.ui.getSnapshot().selection.filter + character.toLowerCase() });
}

/** What each command of the key table does. */
export const commands: Readonly<Record<CommandId, Command>> = {
  up: (session) => move(session, -1),
  down: (session) => move(session, 1),
  'page-up': (session) => move(session, -page(session)),
  'page-down': (session) => move(session, page(session)),
  top: (session) => move(session, Number.MIN_SAFE_INTEGER),
  bottom: (session) => move(session, Number.MAX_SAFE_INTEGER),
  toggle: (session) => select(session, { type: 'select.toggle' }),
  'select-all': (session) => select(session, { type: 'select.all' }),
  'select-none': (session) => select(session, { type: 'select.none' }),
  'select-invert': (session) => select(session, { type: 'select.invert' }),
  filter: (session) => {
    session.ui.dispatch({ type: 'focus', pane: 'testcases' });
    session.ui.dispatch({ type: 'mode', mode: 'filter' });
  },
  run: runSelected,
  'rerun-failed': (session) =>
    start(
      session,
      session.view.testcases.filter(({ status }) => status === 'failed' || status === 'not-run').map(({ name }) => name),
    ),
  'stop-tests': ({ controller }) => controller.stopTests(),
  'next-failure': (session) => moveToFailure(session, 1),
  'previous-failure': (session) => moveToFailure(session, -1),
  'focus-next': ({ ui }) => ui.dispatch({ type: 'focus.by', steps: 1 }),
  'focus-previous': ({ ui }) => ui.dispatch({ type: 'focus.by', steps: -1 }),
  focus: ({ ui }, key) => {
    const pane = panes[Number(key) - 1];
    if (pane) ui.dispatch({ type: 'focus', pane });
  },
  lane: (session, key) => chooseLane(session, lanesOfKeys.indexOf(key)),
  'next-lane': nextLane,
  zoom: ({ ui }) => ui.dispatch({ type: 'zoom' }),
  follow,
  wrap: ({ ui }) => ui.dispatch({ type: 'wrap' }),
  'copy-command': copy,
  'copy-folder': copyFolder,
  'open-log': (session) => {
    const { failure } = session.view;
    const { focus, log } = session.ui.getSnapshot();
    const path =
      session.mode === 'failure' ? (failure?.log?.path ?? null) : session.controller.logFile(channelOf[isLogPane(focus) ? focus : log], session.lane());
    openLog(session, path);
  },
  shell: openShell,
  watch: toggleWatch,
  'restart-server': ({ controller }) => controller.restartServer(),
  pause: ({ controller }) => controller.player?.togglePause(),
  faster: ({ controller }) => controller.player?.changeSpeed(1),
  slower: ({ controller }) => controller.player?.changeSpeed(-1),
  'seek-back': ({ controller }) => controller.player?.seekBy(-seekStepMs),
  'seek-forward': ({ controller }) => controller.player?.seekBy(seekStepMs),
  help: toMode('help'),
  back,
  quit: askToQuit,
  interrupt,
  'filter-accept': toMode('main'),
  'filter-clear': (session) => {
    select(session, { type: 'filter.set', text: '' });
    session.ui.dispatch({ type: 'mode', mode: 'main' });
  },
  'filter-erase': eraseFilter,
  triage: (session) => {
    const name = session.cursor();
    if (name !== null) session.ui.dispatch({ type: 'message', message: session.controller.triage(name) });
  },
  versions: showVersions,
  known: askForReason,
  'known-accept': writeKnown,
  'known-cancel': toMode('main'),
  'known-erase': ({ ui }) => ui.dispatch({ type: 'reason', text: Array.from(ui.getSnapshot().reason).slice(0, -1).join('') }),
  close: toMode('main'),
  retry: (session) => {
    session.ui.dispatch({ type: 'dismiss', failure: session.view.failure });
    session.controller.retry();
  },
  dismiss: (session) => session.ui.dispatch({ type: 'dismiss', failure: session.view.failure }),
  'quit-stop': (session) => quit(session, false),
  'quit-keep': (session) => quit(session, true),
  'quit-cancel': toMode('main'),
};
