import { afterEach, describe, expect, test } from 'vitest';
import { emptyRunState, type RunState, reduce } from '../src/model/run-state.ts';
import { FakeController } from './testing/fake-controller.ts';
import { recordedRun } from './testing/fake-runs.ts';
import { FakeScreen } from './testing/fake-screen.ts';

const run = recordedRun('nfstest-open').events;

let screen: FakeScreen | null = null;
afterEach(() => screen?.close());

async function show(controller: FakeController): Promise<FakeScreen> {
  screen = new FakeScreen(controller);
  await screen.settle();
  return screen;
}

describe('known failures', () => {
  test('the view and the run state tell the same', () => {
    const controller = new FakeController();
    controller.take(run);
    const state = run.reduce<RunState>(reduce, emptyRunState);
    const rows = controller.store.getSnapshot().testcases;
    expect(state.testcases.map(({ name, status }) => [name, status])).toEqual([
      ['close', 'passed'],
      ['read', 'passed'],
      ['open', 'known'],
    ]);
    for (const { name, status, failures } of state.testcases) {
      const row = rows.find((candidate) => candidate.name === name);
      expect(row?.status).toBe(status);
      expect(row?.assertions.flatMap(({ known }) => known ?? [])).toEqual(failures.flatMap(({ known }) => known ?? []));
    }
  });

  test('have their own mark, and the detail says why', async () => {
    const controller = new FakeController();
    controller.take(run);
    const shown = await show(controller);
    await shown.press('/', 'o', 'p', 'e', 'n', 'enter');
    expect(shown.frame).toMatch(/✗ open +12544\/13056/);
    expect(shown.frame).toMatch(/failed as known in 50\.2s/);
    // In the header they are neither passed nor failed, and done.
    expect(shown.frame.split('\n')[1]).toMatch(/ 3\/3 ✔2 ✘0 ✗1$/);
    expect(shown.frame).toMatch(/known: NFStest tries every/);
  });

  test('a key asks for the reason and has them written down', async () => {
    const controller = new FakeController();
    // As the run was before anything was known.
    controller.take(run.filter(({ type }) => type !== 'known-failures.read' && type !== 'run.finished'));
    const shown = await show(controller);
    await shown.press(']', 'K');
    expect(shown.frame).toContain('Expected from now on');
    await shown.press('enter');
    expect(shown.session.mode).toBe('known');
    await shown.press(...'the  kernel’s EINVALx'.replaceAll('  ', ' '), 'backspace');
    const lines = shown.frame.split('\n');
    const top = lines.findIndex((line) => line.includes('Expected from now on'));
    const left = lines[top]?.indexOf('┏━ Expected') ?? 0;
    const right = (lines[top]?.indexOf('┓', left) ?? 0) + 1;
    expect(
      `${lines
        .slice(top, top + 10)
        .map((line) => line.slice(left, right))
        .join('\n')}\n`,
    ).toMatchInlineSnapshot(`
      "┏━ Expected from now on ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
      ┃ open - opening existent file should return an error when O_EXCL|O_CREAT┃
      ┃ is used                                                                ┃
      ┃ open - opening symbolic link should return an error when O_EXCL|O_CREAT┃
      ┃ is used                                                                ┃
      ┃                                                                        ┃
      ┃ Why? the kernel’s EINVAL▏                                              ┃
      ┃                                                                        ┃
      ┃  Enter write it down  Esc leave it                                     ┃
      ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
      "
    `);
    await shown.press('enter');
    expect(shown.session.mode).toBe('main');
    const head = 'expect open open - opening';
    const tail = 'should return an error when O_EXCL|O_CREAT is used the kernel’s EINVAL 3 6.1';
    expect(controller.calls).toEqual([`${head} existent file ${tail}`, `${head} symbolic link ${tail}`]);
    await shown.settle();
    expect(shown.frame).toContain('written down');
  });

  test('what has not failed can’t be expected', async () => {
    const controller = new FakeController();
    controller.take(run.filter(({ type }) => type !== 'known-failures.read' && type !== 'run.finished'));
    const shown = await show(controller);
    await shown.press('g', 'K');
    expect(shown.session.mode).toBe('main');
    expect(shown.frame).toContain('access has no failure that could be expected');
  });
});
