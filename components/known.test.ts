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
    expect(shown.frame).toMatchInlineSnapshot(`
      " nfstest-tui │ NFS-Ganesha · NFSv3 · Linux 6.1.0-56 · tcg       ⠋ stopping 1:31
       █████████████████████████████████████████████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒  3/3 ✔2 ✘1
      ┏━ 1 Testcases ━━━━━━━━━━━━━━━━━━━━━━━┓╭─ [2 Detail] 3 Server 4 VM 5 Suite ────╮
      ┃       testcase       checks time was┃│open           12544 passed, 512 failed│
      ┃ [ ] · munmap                        ┃│Every combination of open flags on     │
      ┃ [ ] · opendir                       ┃│new, existing and linked files (the    │
      ┃ [ ] ✔ read              5/5   1.2s  ┃│longest but one)                       │
      ┃ [┏━ Expected from now on ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓  │
      ┃ [┃ open - opening existent file should return an error when O_EXCL|O_CREAT┃  │
      ┃ [┃ is used                                                                ┃  │
      ┃ [┃ open - opening symbolic link should return an error when O_EXCL|O_CREAT┃ ─╯
      ┃ [┃ is used                                                                ┃──╮
      ┃ [┃                                                                        ┃u…│
      ┃ [┃ Why? the kernel’s EINVAL▏                                              ┃,…│
      ┃ [┃                                                                        ┃a…│
      ┃ [┃  Enter write it down  Esc leave it                                     ┃8s│
      ┃ [┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛2s│
      ┃ [ ] · telldir                       ┃│✔ connect to client                1.1s│
      ┃ [ ] · unlink                        ┃│✔ upload suite                     1.0s│
      ┃ [ ] · write                         ┃│✔ run testcases                   58.6s│
      ┃▸[ ] ✘ open      12544/13056  50.2s  ┃│✔ stop                             0.3s│
      ┃ [ ] · chmod                         ┃│server ganesha:latest  exited          │
      ┗━━━━━━━━━━━━━━━━━━━━━━ ↑ 0 selected ━┛╰──────────────────────────── stopping ─╯
       Enter write it down  Esc leave it"
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
