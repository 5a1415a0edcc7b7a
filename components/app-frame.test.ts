import { expect, test } from 'vitest';
import { FakeController } from './testing/fake-controller.ts';
import { recordedRun } from './testing/fake-runs.ts';
import { show } from './testing/shown.ts';

const full = recordedRun('full').events;

test('a log that is wide, coloured and out of control stays in its frame', async () => {
  const controller = new FakeController();
  controller.becomeReady();
  for (const line of [
    '\u001B[31mred\u001B[0m',
    'tab\tstop',
    '漢字'.repeat(40),
    'back\b\b\bspace',
    '\u001B]0;title\u0007',
    'e\u0301 👩‍👩‍👧 x',
    '\u202Eright to left',
    'x'.repeat(5000),
  ])
    controller.logs.server.push(line);
  const shown = await show(controller);
  await shown.press('3');
  expect(shown.frame).toMatchInlineSnapshot(`
    " nfstest-tui │ NFS-Ganesha · NFSv3 · Linux 6.1.0 · tcg               ready 0:00
     ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  33 testcases
    ╭─ 1 Testcases ───────────────────────╮┏━ 2 Detail [3 Server] 4 VM 5 Suite ━━━━┓
    │       testcase       checks time was│┃red                                    ┃
    │▸[ ] · access                        │┃tab     stop                           ┃
    │ [ ] · chdir                         │┃漢字漢字漢字漢字漢字漢字漢字漢字漢字漢…┃
    │ [ ] · close                         │┃backspace                              ┃
    │ [ ] · closedir                      │┃                                       ┃
    │ [ ] · creat                         │┃é 👩👩👧 x                             ┃
    │ [ ] · fcntl                         │┃right to left                          ┃
    │ [ ] · fdatasync                     │┃xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…┃
    │ [ ] · fstat                         │┃                                       ┃
    │ [ ] · fstatvfs                      │┃                                       ┃
    │ [ ] · fsync                         │┃                                       ┃
    │ [ ] · link                          │┃                                       ┃
    │ [ ] · lseek                         │┃                                       ┃
    │ [ ] · lstat                         │┃                                       ┃
    │ [ ] · mkdir                         │┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ follows ━┛
    │ [ ] · mmap                          │╭─ Environment ─────────────────────────╮
    │ [ ] · munmap                        ││server ganesha:latest  ready up 0:00   │
    │ [ ] · opendir                       ││cpu - mem -  0 restarts  :4000         │
    │ [ ] · read                          ││client ready  Linux 6.1.0, tcg         │
    ╰────────────────────── ↓ 0 selected ─╯╰─────────────────────────────── ready ─╯
     Enter run  / filter  f follow  w wrap  Tab pane  z zoom  ? help  q quit"
  `);
});

test('a terminal that is too small says so and recovers', async () => {
  const controller = new FakeController();
  const shown = await show(controller, { columns: 60, rows: 20 });
  expect(shown.frame).toMatchInlineSnapshot(`
    "nfstest-tui needs 80x24;
    this terminal has 60x20.
    Make it larger, or press q."
  `);
  shown.resize(80, 24);
  await shown.settle();
  expect(shown.frame).toContain('1 Testcases');
});

test.each([
  [80, 24],
  [81, 25],
  [110, 35],
  [120, 40],
  [159, 50],
  [200, 60],
])('a frame of %i x %i is exactly as large', async (columns, rows) => {
  const controller = new FakeController();
  controller.take(full);
  const shown = await show(controller, { columns, rows });
  const lines = shown.frame.split('\n');
  expect(lines).toHaveLength(rows);
  expect(lines.slice(2, -1).map((line) => line.length)).toEqual(Array.from({ length: rows - 3 }, () => columns));
});
