import { describe, expect, test } from 'vitest';
import type { EventBody } from '../src/model/events.ts';
import { FakeController } from './testing/fake-controller.ts';
import { recordedRun, upTo } from './testing/fake-runs.ts';
import { show } from './testing/shown.ts';

const { events } = recordedRun('lanes');

/** What runs at the moment when lane 2 has a testcase and lane 1 is in the middle of one. */
const bothRun = upTo(events, (event) => event.type === 'testcase.started' && event.testcase === 'mkdir');

const titleOf = (frame: string, pane: string) => frame.split('\n').find((line) => line.includes(`${pane}`)) ?? '';

/** Two lanes; access runs in the first one, chdir in the second. */
function running(lanes = 2): FakeController {
  const controller = new FakeController();
  controller.becomeReady(lanes);
  const server = { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' };
  controller.emit({ type: 'run.started', server, nfsVersion: '3', testcases: ['access', 'chdir', 'close'], program: '0', lanes });
  for (const [lane, testcase] of ['access', 'chdir'].entries())
    controller.emitIn(lane, { type: 'phase.started', phase: 'suite' }, { type: 'suite.started', command: '' }, { type: 'testcase.started', testcase });
  for (let lane = 0; lane < lanes; lane += 1) {
    controller.logsOf(lane).server.push(`server of lane ${lane + 1}`);
    controller.logsOf(lane).vm.push(`console of lane ${lane + 1}`);
    controller.logsOf(lane).suite.push(`suite of lane ${lane + 1}`);
  }
  return controller;
}

const passed = (testcase: string): EventBody => ({
  ...{ type: 'testcase.finished', testcase, verdict: 'passed', passedCount: 1, failedCount: 0, durationMs: 5, reason: null },
});

describe('two lanes', () => {
  test('at 80x24', async () => {
    const controller = new FakeController();
    controller.take(bothRun);
    const shown = await show(controller, { selected: ['access', 'chdir', 'close', 'mkdir'] });
    expect(shown.frame).toMatchInlineSnapshot(`
      " nfstest-tui │ NFS-Ganesha · NFSv3 · 2 lanes · Linux … ⠋ running access +1 0:46
       ██████████████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  2/4 ✔2 ✘0
      ┏━ 1 Testcases ━━━━━━━━━━━━━━━━━━━━━━━━━┓╭─ [2 Detail] 3 Server 4 VM 5 Suite ──╮
      ┃       testcase  L      checks time was┃│access            35 passed, 0 failed│
      ┃▸[x] ⠋ access    1       35/35   0.6s  ┃│Permission checks of access() for    │
      ┃ [x] ✔ chdir     2         6/6   0.1s  ┃│every combination of file mode and   │
      ┃ [x] ✔ close     2         4/4   0.1s  ┃│request                              │
      ┃ [ ] · closedir                        ┃│⠋ running · lane 1                   │
      ┃ [ ] · creat                           ┃│Passed (35)                          │
      ┃ [ ] · fcntl                           ┃│✔ file access allowed with mode F_OK │
      ┃ [ ] · fdatasync                       ┃│✔ file access not allowed with mode …│
      ┃ [ ] · fstat                           ┃│✔ file access allowed with mode R_OK…│
      ┃ [ ] · fstatvfs                        ┃│✔ file access allowed with mode W_OK…│
      ┃ [ ] · fsync                           ┃│✔ file access allowed with mode X_OK…│
      ┃ [ ] · link                            ┃│✔ file access allowed with mode R_OK…│
      ┃ [ ] · lseek                           ┃│✔ file access allowed with mode R_OK…│
      ┃ [ ] · lstat                           ┃│✔ file access allowed with mode R_OK…│
      ┃ [x] ⠋ mkdir     2               0.0s  ┃╰─────────────────────────────── ↓27 ─╯
      ┃ [ ] · mmap                            ┃╭─ Environment ───────────────────────╮
      ┃ [ ] · munmap                          ┃│ganesha:latest  client Linux 6.1.0-5…│
      ┃ [ ] · opendir                         ┃│1 server ready 0% 5.3 MiB  VM ready  │
      ┃ [ ] · read                            ┃│2 server ready 0% 4.6 MiB  VM ready  │
      ┗━━━━━━━━━━━━━━━━━━━━━━━━ ↓ 4 selected ━┛╰─────────────────────────── running ─╯
       x stop  Space select  a all  n none  / filter  f follow  ? help  q quit"
    `);
  });

  test('at 120x40, while they start', async () => {
    const controller = new FakeController();
    controller.take(upTo(events, (event) => event.type === 'vm.ready' && event.lane === 1));
    const shown = await show(controller, { columns: 120, rows: 40 });
    expect(shown.frame).toMatchInlineSnapshot(`
      " nfstest-tui │ NFS-Ganesha · NFSv3 · 2 lanes · Linux 6.1.0-56 · tcg                              ⠋ start client VM 0:35
       kvm does not work here (QEMU ended (SIGABRT) before a guest showed life: failed to set MSR 0x10a to 0x69 (…  0/4 ✔0 ✘0
      ┏━ 1 Testcases ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓╭─ 2 Detail ─────────────────────────────────────────────────────────╮
      ┃       testcase  L      checks   time was  delta┃│access                                                              │
      ┃▸[ ] ○ access                                   ┃│Permission checks of access() for every combination of file mode    │
      ┃ [ ] ○ chdir                                    ┃│and request                                                         │
      ┃ [ ] ○ close                                    ┃│○ waits for its turn                                                │
      ┃ [ ] · closedir                                 ┃│                                                                    │
      ┃ [ ] · creat                                    ┃│                                                                    │
      ┃ [ ] · fcntl                                    ┃│                                                                    │
      ┃ [ ] · fdatasync                                ┃│                                                                    │
      ┃ [ ] · fstat                                    ┃│                                                                    │
      ┃ [ ] · fstatvfs                                 ┃╰────────────────────────────────────────────────────────────────────╯
      ┃ [ ] · fsync                                    ┃╭─ 3 Server [4 VM, lane 1] 5 Suite ──────────────────────────────────╮
      ┃ [ ] · link                                     ┃│The VM’s serial console shows here once it boots.                   │
      ┃ [ ] · lseek                                    ┃│                                                                    │
      ┃ [ ] · lstat                                    ┃│                                                                    │
      ┃ [ ] ○ mkdir                                    ┃│                                                                    │
      ┃ [ ] · mmap                                     ┃│                                                                    │
      ┃ [ ] · munmap                                   ┃│                                                                    │
      ┃ [ ] · opendir                                  ┃│                                                                    │
      ┃ [ ] · read                                     ┃│                                                                    │
      ┃ [ ] · readdir                                  ┃╰────────────────────────────────────────────────────────────────────╯
      ┃ [ ] · readlink                                 ┃╭─ Environment ──────────────────────────────────────────────────────╮
      ┃ [ ] · rename                                   ┃│ganesha:latest  client Linux 6.1.0-56, tcg                          │
      ┃ [ ] · rewinddir                                ┃│1 server ready 0% 4.6 MiB  VM ready up 0:34  :4000                  │
      ┃ [ ] · rmdir                                    ┃│2 server ready 0% 3.9 MiB  VM ready up 0:34  :4010                  │
      ┃ [ ] · seekdir                                  ┃│✔ build server image ganesha:latest, unchanged                      │
      ┃ [ ] · stat                                     ┃│✔ build VM image     Debian 12 client, unchanged                    │
      ┃ [ ] · statvfs                                  ┃│✔ get test suite     NFStest v3.2-4-ga9ad0d6                        │
      ┃ [ ] · symlink                                  ┃│✔ start server                                                  0.7s│
      ┃ [ ] · sync                                     ┃│✔ boot client VM     Debian 12 client, tcg, SSH on 127.0.0.1:… 26.6s│
      ┃ [ ] · telldir                                  ┃│✔ save client VM                                                4.3s│
      ┃ [ ] · unlink                                   ┃│⠋ start client VM                                               0.4s│
      ┃ [ ] · write                                    ┃│· connect to client  1✔ 2·                                      0.7s│
      ┃ [ ] · open                                     ┃│✔ upload suite                                                  1.4s│
      ┃ [ ] · chmod                                    ┃│· run testcases                                                     │
      ┃                                                ┃│· stop                                                              │
      ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 0 selected ━┛╰───────────────────────────────────────────────────────── starting ─╯
       Enter run  Space select  a all  n none  / filter  f follow  Tab pane  L lane  z zoom  l log  y copy  ? help  q quit"
    `);
  });

  test('are not spoken of where there is one', async () => {
    const controller = new FakeController();
    controller.take(recordedRun('full').events);
    const shown = await show(controller);
    await shown.press('3');
    expect(shown.frame).not.toMatch(/lane/i);
    await shown.press('?');
    expect(shown.frame).not.toMatch(/lane/i);
    await shown.press('escape', '7', 'L');
    expect(shown.session.ui.getSnapshot()).toMatchObject({ lane: null, message: null });
  });
});

describe('the logs', () => {
  test('are those of the testcase under the cursor', async () => {
    const shown = await show(running());
    await shown.press('3', '1', 'home');
    expect(shown.frame).toContain('server of lane 1');
    expect(titleOf(shown.frame, '[3 Server')).toContain('[3 Server, lane 1]');
    await shown.press('down');
    expect(shown.session.cursor()).toBe('chdir');
    expect(shown.frame).toContain('server of lane 2');
    expect(titleOf(shown.frame, '[3 Server')).toContain('[3 Server, lane 2]');
  });

  test('go along with one lane as long as that one runs something', async () => {
    const controller = running();
    const shown = await show(controller);
    await shown.press('5', '1');
    expect([shown.session.cursor(), shown.session.lane()]).toEqual(['access', 0]);
    controller.emitIn(0, passed('access'), { type: 'testcase.started', testcase: 'close' });
    await shown.settle();
    expect([shown.session.cursor(), shown.session.lane()]).toEqual(['close', 0]);
    controller.emitIn(0, passed('close'));
    await shown.settle();
    expect([shown.session.cursor(), shown.session.lane()]).toEqual(['chdir', 1]);
    expect(shown.frame).toContain('suite of lane 2');
  });

  test('of a chosen lane stay, and the cursor goes along with its testcases, until the key is pressed again', async () => {
    const shown = await show(running());
    await shown.press('4', '7');
    await shown.settle();
    expect(shown.frame).toContain('console of lane 2');
    expect(shown.frame).toContain('lane chosen');
    expect(shown.session.cursor()).toBe('chdir');
    await shown.press('1', 'home');
    expect([shown.session.cursor(), shown.session.lane()]).toEqual(['access', 1]);
    await shown.press('7');
    expect(shown.session.lane()).toBe(0);
  });

  test('of any lane are reached by stepping', async () => {
    const shown = await show(running(6));
    await shown.press('3', 'L', 'L', 'L', 'L', 'L');
    expect(shown.frame).toContain('server of lane 6');
    await shown.press('L');
    expect(shown.frame).toContain('server of lane 1');
  });

  test('a lane that is not there is refused', async () => {
    const shown = await show(running());
    await shown.press('9');
    expect(shown.session.lane()).toBe(0);
    expect(shown.frame).toContain('there are 2 lanes');
  });

  test('are held for one lane: the place in one log says nothing about another', async () => {
    const controller = running();
    for (let number = 1; number <= 100; number += 1) for (const lane of [0, 1]) controller.logsOf(lane).server.push(`lane ${lane + 1} line ${number}`);
    const shown = await show(controller);
    await shown.press('3', '6', 'home');
    expect(shown.frame).toContain('held at 1');
    await shown.press('7');
    expect(shown.frame).toContain('lane 2 line 100');
    await shown.press('6');
    expect(shown.frame).toContain('held at 1');
    await shown.press('7', 'pageup');
    expect(shown.frame).toMatch(/lane 2 line [78]\d/);
    await shown.press('6');
    expect(shown.frame).toContain('lane 1 line 100');
  });

  test('in full, and the shell, are those of the lane that is shown', async () => {
    const shown = await show(running());
    await shown.press('3', '7', 'l', 's');
    expect(shown.host).toEqual(['lend less /runs/fake/server.lane-2.log', 'lend ssh vm-2']);
  });
});

test('a lane that is lost is told, with what becomes of its testcases', async () => {
  const controller = running();
  const message = 'lane 2 lost its client VM (QEMU was ended by SIGKILL); its testcases (chdir) run on the others';
  controller.emitIn(1, { type: 'vm.exited', exitCode: null, signal: 'SIGKILL', unexpected: true }, { type: 'note.reported', level: 'warning', message });
  const { frame } = await show(controller, { columns: 120, rows: 40 });
  expect(frame).toContain('2 server ready  VM gone');
  expect(frame).toContain('lane 2 lost its client VM (QEMU was ended by SIGKILL); its');
});

test('the help has the keys of lanes where there are several, whole', async () => {
  const shown = await show(running());
  await shown.press('?');
  expect(shown.frame).toContain('6-9       that lane; again: follow');
  expect(shown.frame).toContain('L         logs of the next lane');
  expect(shown.frame).toContain('Ctrl+C    quit; twice: at once');
});

test('sixteen lanes fit', async () => {
  for (const [columns, rows, more] of [
    [80, 24, 'and 11 more lanes'],
    [120, 40, 'and 8 more lanes'],
    [200, 60, '16 server ready'],
  ] as const) {
    const controller = running(16);
    controller.emitIn(15, passed('chdir'));
    const { frame } = await show(controller, { columns, rows });
    const lines = frame.split('\n');
    expect(lines).toHaveLength(rows);
    expect(lines.slice(2, -1).map((line) => line.length)).toEqual(Array.from({ length: rows - 3 }, () => columns));
    expect(frame).toContain('16 lanes');
    expect(frame).toContain(more);
  }
});
