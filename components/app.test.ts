import { describe, expect, test } from 'vitest';
import { FakeController } from './testing/fake-controller.ts';
import { recordedRun, upTo } from './testing/fake-runs.ts';
import { show } from './testing/shown.ts';

const full = recordedRun('full').events;
const noVm = recordedRun('no-vm').events;

describe('at 80x24', () => {
  test('the VM boots', async () => {
    const controller = new FakeController();
    controller.take(upTo(full, (event) => event.type === 'vm.started'));
    const { frame } = await show(controller);
    expect(frame).toMatchInlineSnapshot(`
      " nfstest-tui │ NFS-Ganesha · NFSv3 · tcg                 ⠋ start client VM 0:00
       kvm does not work here (QEMU ended (SIGABRT) before a guest showe…  0/33 ✔0 ✘0
      ┏━ 1 Testcases ━━━━━━━━━━━━━━━━━━━━━━━┓╭─ [2 Detail] 3 Server 4 VM 5 Suite ────╮
      ┃       testcase       checks time was┃│access                                 │
      ┃▸[ ] ○ access                        ┃│Permission checks of access() for      │
      ┃ [ ] ○ chdir                         ┃│every combination of file mode and     │
      ┃ [ ] ○ close                         ┃│request                                │
      ┃ [ ] ○ closedir                      ┃│○ waits for its turn                   │
      ┃ [ ] ○ creat                         ┃│                                       │
      ┃ [ ] ○ fcntl                         ┃│                                       │
      ┃ [ ] ○ fdatasync                     ┃╰───────────────────────────────────────╯
      ┃ [ ] ○ fstat                         ┃╭─ Environment ─────────────────────────╮
      ┃ [ ] ○ fstatvfs                      ┃│✔ build server image ganesha:latest, u…│
      ┃ [ ] ○ fsync                         ┃│✔ build VM image     Debian 12 client,…│
      ┃ [ ] ○ link                          ┃│✔ get test suite     NFStest v3.2-4-ga…│
      ┃ [ ] ○ lseek                         ┃│⠋ start server                     0.3s│
      ┃ [ ] ○ lstat                         ┃│⠋ start client VM                  0.3s│
      ┃ [ ] ○ mkdir                         ┃│· connect to client                    │
      ┃ [ ] ○ mmap                          ┃│· upload suite                         │
      ┃ [ ] ○ munmap                        ┃│· run testcases                        │
      ┃ [ ] ○ opendir                       ┃│· stop                                 │
      ┃ [ ] ○ read                          ┃│server ganesha:latest  not started     │
      ┗━━━━━━━━━━━━━━━━━━━━━━ ↓ 0 selected ━┛╰──────────────────────────── starting ─╯
       Enter run  Space select  a all  n none  / filter  f follow  ? help  q quit"
    `);
  });

  test('a testcase is running, with a failed assertion', async () => {
    const previous = new Map(
      full.flatMap((event) => (event.type === 'testcase.finished' ? [[event.testcase, { verdict: 'passed' as const, durationMs: 2000 }]] : [])),
    );
    const controller = new FakeController({ previous });
    controller.take(upTo(full, (event) => event.type === 'assertion.finished' && event.verdict === 'failed'));
    const { frame } = await show(controller, { selected: ['open', 'chmod'] });
    expect(frame).toMatchInlineSnapshot(`
      " nfstest-tui │ NFS-Ganesha · NFSv3 · Linux 6.1.0-56 · tcg   ⠋ running open 1:24
       ████████████████████████████████████████████████████░░  31/33 ✔31 ✘0 0:02 left
      ┏━ 1 Testcases ━━━━━━━━━━━━━━━━━━━━━━━┓╭─ [2 Detail] 3 Server 4 VM 5 Suite ────╮
      ┃       testcase       checks time was┃│open            9488 passed, 256 failed│
      ┃ [ ] ✔ munmap          13/13   0.8s ✔┃│Every combination of open flags on     │
      ┃ [ ] ✔ opendir           2/2   0.0s ✔┃│new, existing and linked files (the    │
      ┃ [ ] ✔ read              5/5   1.2s ✔┃│longest but one)                       │
      ┃ [ ] ✔ readdir           3/3   0.0s ✔┃│⠋ running · last run passed in 2.0s    │
      ┃ [ ] ✔ readlink          9/9   0.0s ✔┃│Failed (1)                             │
      ┃ [ ] ✔ rename          14/14   0.1s ✔┃│✘ opening existent file should return  │
      ┃ [ ] ✔ rewinddir         4/4   0.2s ✔┃│  an error when O_EXCL|O_CREAT is used │
      ┃ [ ] ✔ rmdir             6/6   1.1s ✔┃│  (256 passed, 256 failed)             │
      ┃ [ ] ✔ seekdir           5/5   0.2s ✔┃│Passed (18)                            │
      ┃ [ ] ✔ stat            42/42   0.1s ✔┃│✔ opening non-existent file should ret…│
      ┃ [ ] ✔ statvfs         22/22   0.0s ✔┃│✔ file should be created when O_CREAT …│
      ┃ [ ] ✔ symlink           4/4   0.0s ✔┃│✔ file should be created with correct …│
      ┃ [ ] ✔ sync              2/2   2.5s ✔┃│✔ writing should return an error when …│
      ┃ [ ] ✔ telldir           5/5   0.1s ✔┃╰───────────────────────────────── ↓14 ─╯
      ┃ [ ] ✔ unlink          16/16   2.4s ✔┃╭─ Environment ─────────────────────────╮
      ┃ [ ] ✔ write           10/10   1.4s ✔┃│server ganesha:latest  ready up 1:23   │
      ┃▸[x] ⠋ open        9488/9744  30.4s ✔┃│cpu 78% mem 10.2 MiB  0 restarts  :4000│
      ┃ [x] ○ chmod                        ✔┃│client ready  Linux 6.1.0-56, tcg      │
      ┗━━━━━━━━━━━━━━━━━━━━━━ ↑ 2 selected ━┛╰───────────────────────────── running ─╯
       x stop  Space select  a all  n none  / filter  f follow  ? help  q quit"
    `);
  });

  test('the environment failed', async () => {
    const controller = new FakeController();
    controller.take(noVm);
    const { frame } = await show(controller);
    expect(frame).toMatchInlineSnapshot(`
      " nfstest-tui │ NFS-Ganesha · NFSv3 · tcg                            failed 5:56
       ┏━ The environment failed ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
      ┏┃ the client VM was not ready within 300 s                                   ┃╮
      ┃┃                                                                            ┃│
      ┃┃ │          Starting systemd-networkd.…ice - Network Configuration...       ┃│
      ┃┃ │ [  OK  ] Reached target basic.target - Basic System.                     ┃│
      ┃┃ │          Starting nfstest-first-boo…ce - cloud-init, all stages...       ┃│
      ┃┃ │ [   10.848248] virtio_net virtio0 enp0s1: renamed from eth0              ┃│
      ┃┃ │ [   11.055231] python3[189]: /usr/bin/python3: can't open file '/usr/lib…┃│
      ┃┃ │ [FAILED] Failed to start nfstest-fi…vice - cloud-init, all stages.       ┃│
      ┃┃ │ See 'systemctl status nfstest-first-boot.service' for details.           ┃╯
      ┃┃ │ [  OK  ] Started systemd-networkd.service - Network Configuration.       ┃╮
      ┃┃ │ [  OK  ] Reached target network.target - Network.                        ┃│
      ┃┃ │          Starting systemd-user-sess…vice - Permit User Sessions...       ┃│
      ┃┃ │ [  OK  ] Finished systemd-user-sess…ervice - Permit User Sessions.       ┃│
      ┃┃ │ [  OK  ] Reached target multi-user.target - Multi-User System.           ┃│
      ┃┃ /home/ann/nfstest-tui/build/runs/20261124-023157-29a1/vm.log               ┃│
      ┃┃                                                                            ┃│
      ┃┃ → try --memory 1G or another --accel; the console's log says more          ┃│
      ┃┃ (/home/ann/nfstest-tui/build/nfstest/vm/qemu.log has QEMU's own)           ┃│
      ┃┃                                                                            ┃│
      ┃┃  r try again  l whole log  Esc look around  q quit                         ┃│
      ┗┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛╯
       r try again  l whole log  Esc look around  q quit"
    `);
  });

  test('quitting while tests run asks', async () => {
    const controller = new FakeController();
    controller.take(upTo(full, (event) => event.type === 'testcase.started'));
    const shown = await show(controller);
    await shown.press('q');
    expect(shown.frame).toMatchInlineSnapshot(`
      " nfstest-tui │ NFS-Ganesha · NFSv3 · Linux 6.1.0-56 · tcg ⠋ running access 0:33
       ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  0/33 ✔0 ✘0
      ┏━ 1 Testcases ━━━━━━━━━━━━━━━━━━━━━━━┓╭─ [2 Detail] 3 Server 4 VM 5 Suite ────╮
      ┃       testcase       checks time was┃│access                                 │
      ┃▸[ ] ⠋ access                  0.0s  ┃│Permission checks of access() for      │
      ┃ [ ] ○ chdir                         ┃│every combination of file mode and     │
      ┃ [ ] ○ close                         ┃│request                                │
      ┃ [ ] ○ closedir                      ┃│⠋ running                              │
      ┃ [ ] ○ creat                         ┃│                                       │
      ┃ [ ] ○ fcntl ┏━ Quit? ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓             │
      ┃ [ ] ○ fdatas┃ Tests are running.                               ┃             │
      ┃ [ ] ○ fstat ┃                                                  ┃             │
      ┃ [ ] ○ fstatv┃  y stop everything  k leave it running  n go on  ┃             │
      ┃ [ ] ○ fsync ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛             │
      ┃ [ ] ○ link                          ┃│                                       │
      ┃ [ ] ○ lseek                         ┃│                                       │
      ┃ [ ] ○ lstat                         ┃│                                       │
      ┃ [ ] ○ mkdir                         ┃╰───────────────────────────────────────╯
      ┃ [ ] ○ mmap                          ┃╭─ Environment ─────────────────────────╮
      ┃ [ ] ○ munmap                        ┃│server ganesha:latest  ready up 0:33   │
      ┃ [ ] ○ opendir                       ┃│cpu 0% mem 7.9 MiB  0 restarts  :4000  │
      ┃ [ ] ○ read                          ┃│client ready  Linux 6.1.0-56, tcg      │
      ┗━━━━━━━━━━━━━━━━━━━━━━ ↓ 0 selected ━┛╰───────────────────────────── running ─╯
       y stop everything  k leave it running  n go on"
    `);
  });

  test('the help shows every key whole', async () => {
    const shown = await show(new FakeController());
    await shown.press('?');
    expect(shown.frame).toMatchInlineSnapshot(`
      " nfstest-tui │                                                       ⠋ starting
       ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  33 testcases
      ┏┏━ Keys ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓╮
      ┃┃ ↑ k       up                          [         to the previous failure    ┃│
      ┃┃ ↓ j       down                        f         follow what is running     ┃│
      ┃┃ PgUp      page up                     w         wrap long lines            ┃│
      ┃┃ PgDn      page down                   Tab       next pane                  ┃│
      ┃┃ g Home    to the beginning            Shift+Tab previous pane              ┃│
      ┃┃ G End     to the end                  1-5       that pane                  ┃│
      ┃┃ Enter     run the selected testcases  z         zoom the pane              ┃│
      ┃┃ x         stop the running tests      l         whole log in $PAGER        ┃╯
      ┃┃ Space     select                      y         copy a command to repeat   ┃╮
      ┃┃ a         select all                  Y         copy the run’s folder      ┃│
      ┃┃ n         select none                 s         shell in the VM            ┃│
      ┃┃ i         invert the selection        R         restart the server         ┃│
      ┃┃ r         rerun what has not passed   W         rerun on changes, or not   ┃│
      ┃┃ /         filter the testcases        Esc       clear filter, leave zoom   ┃│
      ┃┃ t         whose fault is it?          ?         this help                  ┃│
      ┃┃ v         grid of NFS versions        q         quit; asks if tests run    ┃│
      ┃┃ K         expect these failures       Ctrl+C    quit; twice: at once       ┃│
      ┃┃ ]         to the next failure                                              ┃│
      ┃┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛│
      ┗━━━━━━━━━━━━━━━━━━━━━━ ↓ 0 selected ━┛╰──────────────────────────── starting ─╯
       Esc close"
    `);
  });

  test('the cursor begins at the first selected testcase', async () => {
    const shown = await show(new FakeController(), { selected: ['mkdir', 'open'] });
    expect(shown.session.cursor()).toBe('mkdir');
    expect(shown.frame).toContain('▸[x] · mkdir');
  });

  test('typing filters', async () => {
    const controller = new FakeController();
    controller.becomeReady();
    const shown = await show(controller);
    await shown.press('/', 's', 't', 'a');
    expect(shown.frame).toMatchInlineSnapshot(`
      " nfstest-tui │ NFS-Ganesha · NFSv3 · Linux 6.1.0 · tcg               ready 0:00
       ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  33 testcases
      ┏━ 1 Testcases ━━━━━━━━━━━━━━━━━━━━━━━┓╭─ [2 Detail] 3 Server 4 VM 5 Suite ────╮
      ┃       testcase       checks time was┃│fstat                                  │
      ┃▸[ ] · fstat                         ┃│Mode and attributes of an open file    │
      ┃ [ ] · fstatvfs                      ┃│· not selected yet                     │
      ┃ [ ] · lstat                         ┃│                                       │
      ┃ [ ] · stat                          ┃│                                       │
      ┃ [ ] · statvfs                       ┃│                                       │
      ┃                                     ┃│                                       │
      ┃                                     ┃│                                       │
      ┃                                     ┃│                                       │
      ┃                                     ┃│                                       │
      ┃                                     ┃│                                       │
      ┃                                     ┃│                                       │
      ┃                                     ┃│                                       │
      ┃                                     ┃│                                       │
      ┃                                     ┃╰───────────────────────────────────────╯
      ┃                                     ┃╭─ Environment ─────────────────────────╮
      ┃                                     ┃│server ganesha:latest  ready up 0:00   │
      ┃                                     ┃│cpu - mem -  0 restarts  :4000         │
      ┃                                     ┃│client ready  Linux 6.1.0, tcg         │
      ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ /sta ━┛╰─────────────────────────────── ready ─╯
       /sta▏  Enter keep  Esc clear"
    `);
  });
});
