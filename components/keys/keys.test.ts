import { describe, expect, test } from 'vitest';
import { catalog } from '../../src/suite/catalog.ts';
import { ReplayController } from '../replay/replay-controller.ts';
import { FakeController } from '../testing/fake-controller.ts';
import type { FakeScreen } from '../testing/fake-screen.ts';
import { show } from '../testing/shown.ts';
import { type CommandId, keyTable } from './key-table.ts';

/** What a key is tried on: an environment that is ready, in which `open` and `stat` have failed. */
function prepared(): FakeController {
  const controller = new FakeController();
  controller.becomeReady();
  for (const testcase of ['open', 'stat'])
    controller.emit(
      { type: 'testcase.started', testcase },
      { type: 'assertion.finished', testcase, verdict: 'failed', message: `${testcase} - wrong`, passedCount: 0, failedCount: 1, details: [] },
      { type: 'testcase.finished', testcase, verdict: 'failed', passedCount: 0, failedCount: 1, durationMs: 10, reason: null },
    );
  for (let number = 1; number <= 200; number += 1) for (const channel of ['server', 'suite'] as const) controller.logs[channel].push(`line ${number}`);
  return controller;
}

interface Trial {
  /** Keys that lead to where the key is tried. */
  readonly before?: readonly string[];
  readonly with?: (controller: FakeController) => void;
  readonly expect: (screen: FakeScreen, controller: FakeController) => void;
}

const ui = (screen: FakeScreen) => screen.session.ui.getSnapshot();
const cursorIs = (name: string) => (screen: FakeScreen) => expect(screen.session.cursor()).toBe(name);
const calls =
  (...expected: readonly string[]) =>
  (_: FakeScreen, controller: FakeController) =>
    expect(controller.calls).toEqual(expected);
const modeIs = (mode: string) => (screen: FakeScreen) => expect(screen.session.mode).toBe(mode);
const focusIs = (pane: string) => (screen: FakeScreen) => expect(ui(screen).focus).toBe(pane);
const selectedCount = (count: number) => (screen: FakeScreen) => expect(ui(screen).selection.selected.size).toBe(count);
const running = (controller: FakeController) => controller.store.update({ environment: 'running' });
const threeLanes = (controller: FakeController) => controller.becomeReady(3);
const failing = (controller: FakeController) =>
  controller.store.update({ environment: 'failed', failure: { reason: 'no VM', hint: null, log: { path: '/runs/fake/vm.log', lines: [] } } });

/** One trial per command and mode; the keys come from the table. */
const trials: Readonly<Partial<Record<`${CommandId} in ${string}`, Trial>>> = {
  'up in main': { before: ['down', 'down'], expect: cursorIs('chdir') },
  'down in main': { expect: cursorIs('chdir') },
  'page-up in main': { before: ['end'], expect: (screen) => expect(['chmod', 'access']).not.toContain(screen.session.cursor()) },
  'page-down in main': { expect: (screen) => expect(['chmod', 'access']).not.toContain(screen.session.cursor()) },
  'top in main': { before: ['end'], expect: cursorIs('access') },
  'bottom in main': { expect: cursorIs('chmod') },
  'run in main': { before: ['space', 'space'], expect: calls('run access,chdir') },
  'stop-tests in main': { with: running, expect: calls('stopTests') },
  'toggle in main': { expect: selectedCount(1) },
  'select-all in main': { expect: selectedCount(33) },
  'select-none in main': { before: ['a'], expect: selectedCount(0) },
  'select-invert in main': { before: ['space'], expect: selectedCount(32) },
  'rerun-failed in main': { expect: calls('run stat,open') },
  'filter in main': { expect: modeIs('filter') },
  'triage in main': { before: [']'], expect: calls('triage stat') },
  'versions in main': { expect: (screen) => expect(ui(screen).notice?.lines).toEqual(['testcase  NFS 3', 'stat      FAILED', 'open      FAILED']) },
  'known in main': { before: [']'], expect: modeIs('known') },
  'known-accept in known': {
    before: [']', 'K', 'a', ' ', 'b'],
    expect: calls('expect stat stat - wrong a b 3 6.1'),
  },
  'known-cancel in known': { before: [']', 'K', 'a'], expect: modeIs('main') },
  'known-erase in known': { before: [']', 'K', 'a', 'b'], expect: (screen) => expect(ui(screen).reason).toBe('a') },
  'interrupt in known': { before: [']', 'K'], expect: calls('quit') },
  'next-failure in main': { expect: cursorIs('stat') },
  'previous-failure in main': { expect: cursorIs('open') },
  'follow in main': { before: ['3'], expect: (screen) => expect(ui(screen).scroll.server).toBeGreaterThan(100) },
  'wrap in main': { before: ['3'], expect: (screen) => expect(screen.frame).toContain('follows, wraps') },
  'focus-next in main': { expect: focusIs('detail') },
  'focus-previous in main': { expect: focusIs('suite') },
  'next-lane in main': { with: threeLanes, before: ['8', 'L'], expect: (screen) => expect(ui(screen).lane).toBe(1) },
  'zoom in main': { before: ['3'], expect: (screen) => expect(screen.frame).not.toContain('Testcases') },
  'open-log in main': { before: ['3'], expect: (screen) => expect(screen.host).toEqual(['lend less /runs/fake/server.log']) },
  'copy-command in main': {
    before: [']'],
    expect: (screen) => {
      expect(screen.frame).toContain('make nfstest TESTCASE=stat');
      expect(screen.host).toEqual([`write ${JSON.stringify(`\u001B]52;c;${Buffer.from('make nfstest TESTCASE=stat').toString('base64')}\u0007`)}`]);
    },
  },
  'copy-folder in main': { expect: (screen) => expect(screen.frame).toContain('/runs/fake') },
  'shell in main': { expect: (screen) => expect(screen.host).toEqual(['lend ssh vm']) },
  'watch in main': { before: ['space'], expect: calls('toggleWatch access') },
  'restart-server in main': { expect: calls('restartServer') },
  'back in main': { before: ['/', 'o', 'enter'], expect: (screen) => expect(ui(screen).selection.filter).toBe('') },
  'help in main': { expect: modeIs('help') },
  'quit in main': { with: running, expect: modeIs('quit') },
  'interrupt in main': { with: running, expect: modeIs('quit') },
  'filter-accept in filter': { before: ['/', 'o'], expect: modeIs('main') },
  'filter-clear in filter': { before: ['/', 'o'], expect: (screen) => expect(ui(screen).selection.filter).toBe('') },
  'filter-erase in filter': { before: ['/', 'o', 'p'], expect: (screen) => expect(ui(screen).selection.filter).toBe('o') },
  'up in filter': { before: ['/', 'o', 'down'], expect: cursorIs('close') },
  'down in filter': { before: ['/', 'o'], expect: cursorIs('closedir') },
  'retry in failure': { with: failing, expect: calls('retry') },
  'open-log in failure': { with: failing, expect: (screen) => expect(screen.host).toEqual(['lend less /runs/fake/vm.log']) },
  'dismiss in failure': { with: failing, expect: modeIs('main') },
  'quit in failure': { with: failing, expect: calls('quit') },
  'interrupt in failure': { with: failing, expect: calls('quit') },
  'quit-stop in quit': { with: running, before: ['q'], expect: calls('quit') },
  'quit-keep in quit': { with: running, before: ['q'], expect: calls('quit keep') },
  'quit-cancel in quit': { with: running, before: ['q'], expect: modeIs('main') },
  'interrupt in quit': { with: running, before: ['q'], expect: calls('quit') },
  'close in help': { before: ['?'], expect: modeIs('main') },
  'interrupt in help': { before: ['?'], expect: calls('quit') },
  'close in notice': { before: ['y'], expect: modeIs('main') },
  'interrupt in notice': { before: ['y'], expect: calls('quit') },
  'interrupt in filter': { before: ['/'], expect: calls('quit') },
};

const live = keyTable.filter(({ only, id }) => only !== 'replay' && id !== 'focus' && id !== 'lane');
const cases = live.flatMap(({ id, keys, modes = ['main'] }) => modes.flatMap((mode) => keys.map((key) => [key, id, mode] as const)));

test.each(cases)('%s is %s in mode %s', async (key, id, mode) => {
  const trial = trials[`${id} in ${mode}`];
  if (trial === undefined) throw new Error('this key has no trial');
  const controller = prepared();
  trial.with?.(controller);
  const shown = await show(controller);
  await shown.press(...(trial.before ?? []), key);
  trial.expect(shown, controller);
});

test.each(['testcases', 'detail', 'server', 'console', 'suite'])('a number key goes to %s', async (pane) => {
  const shown = await show(prepared());
  await shown.press(String(['testcases', 'detail', 'server', 'console', 'suite'].indexOf(pane) + 1));
  expect(ui(shown).focus).toBe(pane);
});

describe('in a replay', () => {
  const at = (atMs: number) => ({ runId: 'r', lane: 0, time: new Date(atMs).toISOString(), atMs });
  const events = [
    { type: 'note.reported' as const, level: 'info' as const, message: 'first', ...at(0) },
    { type: 'note.reported' as const, level: 'info' as const, message: 'last', ...at(60_000) },
  ];
  const replayTrials: Readonly<Record<string, { readonly before?: readonly string[]; readonly expect: (controller: ReplayController) => void }>> = {
    pause: { expect: ({ player }) => expect(player.getSnapshot().paused).toBe(false) },
    faster: { expect: ({ player }) => expect(player.getSnapshot().speed).toBe(2) },
    slower: { expect: ({ player }) => expect(player.getSnapshot().speed).toBe(0.5) },
    'seek-forward': { expect: ({ player }) => expect(player.positionMs).toBe(10_000) },
    'seek-back': { before: ['right', 'right'], expect: ({ player }) => expect(player.positionMs).toBe(10_000) },
  };

  test.each(keyTable.filter(({ only }) => only === 'replay').flatMap(({ id, keys }) => keys.map((key) => [key, id] as const)))('%s is %s', async (key, id) => {
    const controller = new ReplayController({ events, lanes: [], folder: null }, { catalog });
    const screen = await show(controller);
    await screen.press(...(replayTrials[id]?.before ?? []), key);
    replayTrials[id]?.expect(controller);
    controller.player.stop();
  });
});

test('keys that arrive in one piece each count', async () => {
  const shown = await show(prepared());
  await shown.press('jj j');
  expect(ui(shown).selection).toMatchObject({ cursor: 'creat', selected: new Set(['close']) });
});

test('the wheel scrolls the pane under it, a click goes there', async () => {
  const shown = await show(prepared());
  await shown.press('3', '1', '\u001B[<64;60;5M');
  expect(ui(shown)).toMatchObject({ focus: 'testcases', scroll: { server: expect.any(Number) } });
  await shown.press('\u001B[<65;5;5M');
  expect(shown.session.cursor()).toBe('closedir');
  await shown.press('\u001B[<0;60;5M', '\u001B[<0;60;5m');
  expect(ui(shown).focus).toBe('server');
});

test('an attached environment is not left without asking', async () => {
  const controller = prepared();
  controller.attached = true;
  const shown = await show(controller);
  await shown.press('q');
  expect(shown.session.mode).toBe('quit');
  await shown.press('k');
  expect(controller.calls).toEqual(['quit keep']);
});

test('while everything stops only Ctrl+C works, and the screen closes with the exit code', async () => {
  const controller = prepared();
  const shown = await show(controller);
  await shown.press('q', 'a', 'ctrl+c');
  expect(controller.calls).toEqual(['quit', 'force']);
  expect(shown.frame).toContain('stopping everything');
  controller.left.resolve(0);
  await shown.settle();
  expect(shown.host).toEqual(['close 0']);
});

test('a key that does nothing now says so', async () => {
  const controller = prepared();
  running(controller);
  const shown = await show(controller);
  await shown.press('enter');
  expect(controller.calls).toEqual([]);
  expect(shown.frame).toContain('Enter (run the selected testcases) does nothing here and now');
});
