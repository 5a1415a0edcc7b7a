import { describe, expect, test } from 'vitest';
import { FakeController } from './testing/fake-controller.ts';
import { recordedRun, upTo } from './testing/fake-runs.ts';
import { show } from './testing/shown.ts';

const full = recordedRun('full').events;
const noVm = recordedRun('no-vm').events;

describe('at 120x40', () => {
  test('the VM boots', async () => {
    const controller = new FakeController();
    controller.take(upTo(full, (event) => event.type === 'vm.started'));
    const { frame } = await show(controller, { columns: 120, rows: 40 });
    expect(frame).toMatchInlineSnapshot(`
      " nfstest-tui │ NFS-Ganesha · NFSv3 · tcg                                                         ⠋ start client VM 0:00
       kvm does not work here (QEMU ended (SIGABRT) before a guest showed life: failed to set MSR 0x10a to 0x69)…  0/33 ✔0 ✘0
      ┏━ 1 Testcases ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓╭─ 2 Detail ───────────────────────────────────────────────────────────╮
      ┃       testcase       checks   time was  delta┃│access                                                                │
      ┃▸[ ] ○ access                                 ┃│Permission checks of access() for every combination of file mode and  │
      ┃ [ ] ○ chdir                                  ┃│request                                                               │
      ┃ [ ] ○ close                                  ┃│○ waits for its turn                                                  │
      ┃ [ ] ○ closedir                               ┃│                                                                      │
      ┃ [ ] ○ creat                                  ┃│                                                                      │
      ┃ [ ] ○ fcntl                                  ┃│                                                                      │
      ┃ [ ] ○ fdatasync                              ┃│                                                                      │
      ┃ [ ] ○ fstat                                  ┃│                                                                      │
      ┃ [ ] ○ fstatvfs                               ┃│                                                                      │
      ┃ [ ] ○ fsync                                  ┃╰──────────────────────────────────────────────────────────────────────╯
      ┃ [ ] ○ link                                   ┃╭─ 3 Server [4 VM] 5 Suite ────────────────────────────────────────────╮
      ┃ [ ] ○ lseek                                  ┃│The VM’s serial console shows here once it boots.                     │
      ┃ [ ] ○ lstat                                  ┃│                                                                      │
      ┃ [ ] ○ mkdir                                  ┃│                                                                      │
      ┃ [ ] ○ mmap                                   ┃│                                                                      │
      ┃ [ ] ○ munmap                                 ┃│                                                                      │
      ┃ [ ] ○ opendir                                ┃│                                                                      │
      ┃ [ ] ○ read                                   ┃│                                                                      │
      ┃ [ ] ○ readdir                                ┃│                                                                      │
      ┃ [ ] ○ readlink                               ┃│                                                                      │
      ┃ [ ] ○ rename                                 ┃╰──────────────────────────────────────────────────────────────────────╯
      ┃ [ ] ○ rewinddir                              ┃╭─ Environment ────────────────────────────────────────────────────────╮
      ┃ [ ] ○ rmdir                                  ┃│server ganesha:latest  not started                                    │
      ┃ [ ] ○ seekdir                                ┃│cpu - mem -  0 restarts                                               │
      ┃ [ ] ○ stat                                   ┃│client booting  tcg                                                   │
      ┃ [ ] ○ statvfs                                ┃│✔ build server image ganesha:latest, unchanged                        │
      ┃ [ ] ○ symlink                                ┃│✔ build VM image     Debian 12 client, unchanged                      │
      ┃ [ ] ○ sync                                   ┃│✔ get test suite     NFStest v3.2-4-ga9ad0d6                          │
      ┃ [ ] ○ telldir                                ┃│⠋ start server                                                    0.3s│
      ┃ [ ] ○ unlink                                 ┃│⠋ start client VM                                                 0.3s│
      ┃ [ ] ○ write                                  ┃│· connect to client                                                   │
      ┃ [ ] ○ open                                   ┃│· upload suite                                                        │
      ┃ [ ] ○ chmod                                  ┃│· run testcases                                                       │
      ┃                                              ┃│· stop                                                                │
      ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 0 selected ━┛╰─────────────────────────────────────────────────────────── starting ─╯
       Enter run  Space select  a all  n none  / filter  f follow  Tab pane  z zoom  l log  y copy  s shell  ? help  q quit"
    `);
  });

  test('a testcase is running, with a failed assertion', async () => {
    const previous = new Map(
      full.flatMap((event) => (event.type === 'testcase.finished' ? [[event.testcase, { verdict: 'passed' as const, durationMs: 2000 }]] : [])),
    );
    const controller = new FakeController({ previous });
    controller.take(upTo(full, (event) => event.type === 'assertion.finished' && event.verdict === 'failed'));
    const { frame } = await show(controller, { columns: 120, rows: 40, selected: ['open', 'chmod'] });
    expect(frame).toMatchInlineSnapshot(`
      " nfstest-tui │ NFS-Ganesha · NFSv3 · Linux 6.1.0-56 · tcg                                           ⠋ running open 1:24
       ███████████████████████████████████████████████████████████████████████████████████████████░░░  31/33 ✔31 ✘0 0:02 left
      ┏━ 1 Testcases ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓╭─ 2 Detail ───────────────────────────────────────────────────────────╮
      ┃       testcase       checks   time was  delta┃│open                                           9488 passed, 256 failed│
      ┃ [ ] ✔ access          58/58   0.3s ✔    -1.7s┃│Every combination of open flags on new, existing and linked files     │
      ┃ [ ] ✔ chdir             6/6   0.0s ✔    -2.0s┃│(the longest but one)                                                 │
      ┃ [ ] ✔ close             4/4   0.0s ✔    -2.0s┃│⠋ running · last run passed in 2.0s                                   │
      ┃ [ ] ✔ closedir          1/1   0.0s ✔    -2.0s┃│Failed (1)                                                            │
      ┃ [ ] ✔ creat             8/8   0.2s ✔    -1.8s┃│✘ opening existent file should return an error when O_EXCL|O_CREAT is │
      ┃ [ ] ✔ fcntl           38/38   0.1s ✔    -1.9s┃│  used (256 passed, 256 failed)                                       │
      ┃ [ ] ✔ fdatasync         2/2   2.5s ✔    +0.5s┃│Passed (18)                                                           │
      ┃ [ ] ✔ fstat           42/42   0.1s ✔    -1.9s┃│✔ opening non-existent file should return an error when O_CREAT is no…│
      ┃ [ ] ✔ fstatvfs        22/22   0.0s ✔    -2.0s┃│✔ file should be created when O_CREAT is used (512 passed)            │
      ┃ [ ] ✔ fsync             2/2   2.6s ✔    +0.6s┃│✔ file should be created with correct permission mode (512 passed)    │
      ┃ [ ] ✔ link              6/6   1.1s ✔    -0.9s┃│✔ writing should return an error when opening with O_RDONLY (416 pass…│
      ┃ [ ] ✔ lseek           10/10   0.1s ✔    -1.9s┃│✔ reading should succeed when opening with O_RDONLY or O_RDWR (832 pa…│
      ┃ [ ] ✔ lstat           42/42   0.1s ✔    -1.9s┃╰──────────────────────────────────────────────────────────────── ↓13 ─╯
      ┃ [ ] ✔ mkdir             8/8   1.1s ✔    -0.9s┃╭─ 3 Server [4 VM] 5 Suite ────────────────────────────────────────────╮
      ┃ [ ] ✔ mmap            15/15   0.9s ✔    -1.1s┃│The VM’s serial console shows here once it boots.                     │
      ┃ [ ] ✔ munmap          13/13   0.8s ✔    -1.2s┃│                                                                      │
      ┃ [ ] ✔ opendir           2/2   0.0s ✔    -2.0s┃│                                                                      │
      ┃ [ ] ✔ read              5/5   1.2s ✔    -0.8s┃│                                                                      │
      ┃ [ ] ✔ readdir           3/3   0.0s ✔    -2.0s┃│                                                                      │
      ┃ [ ] ✔ readlink          9/9   0.0s ✔    -2.0s┃│                                                                      │
      ┃ [ ] ✔ rename          14/14   0.1s ✔    -1.9s┃│                                                                      │
      ┃ [ ] ✔ rewinddir         4/4   0.2s ✔    -1.8s┃│                                                                      │
      ┃ [ ] ✔ rmdir             6/6   1.1s ✔    -0.9s┃│                                                                      │
      ┃ [ ] ✔ seekdir           5/5   0.2s ✔    -1.8s┃│                                                                      │
      ┃ [ ] ✔ stat            42/42   0.1s ✔    -1.9s┃│                                                                      │
      ┃ [ ] ✔ statvfs         22/22   0.0s ✔    -2.0s┃│                                                                      │
      ┃ [ ] ✔ symlink           4/4   0.0s ✔    -2.0s┃╰──────────────────────────────────────────────────────────────────────╯
      ┃ [ ] ✔ sync              2/2   2.5s ✔    +0.5s┃╭─ Environment ────────────────────────────────────────────────────────╮
      ┃ [ ] ✔ telldir           5/5   0.1s ✔    -1.9s┃│server ganesha:latest  ready up 1:23                                  │
      ┃ [ ] ✔ unlink          16/16   2.4s ✔    +0.4s┃│cpu 78% mem 10.2 MiB  0 restarts  :4000                               │
      ┃ [ ] ✔ write           10/10   1.4s ✔    -0.6s┃│client ready  Linux 6.1.0-56, tcg                                     │
      ┃▸[x] ⠋ open        9488/9744  30.4s ✔         ┃│                                                                      │
      ┃ [x] ○ chmod                        ✔         ┃│                                                                      │
      ┃                                              ┃│                                                                      │
      ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 2 selected ━┛╰──────────────────────────────────────────────────────────── running ─╯
       x stop  Space select  a all  n none  / filter  f follow  Tab pane  z zoom  l log  y copy  s shell  ? help  q quit"
    `);
  });

  test('the environment failed', async () => {
    const controller = new FakeController();
    controller.take(noVm);
    const { frame } = await show(controller, { columns: 120, rows: 40 });
    expect(frame).toMatchInlineSnapshot(`
      " nfstest-tui │ NFS-Ganesha · NFSv3 · tcg                                                                    failed 5:56
       the client VM was not ready within 300 s                                                                     0/3 ✔0 ✘0
      ┏━ 1 Testcases ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓╭─ 2 Detail ───────────────────────────────────────────────────────────╮
      ┃       testcase       checks   time was  delta┃│access                                                                │
      ┃▸[ ] · access                                 ┃│Permission checks of access() for every combination of file mode and  │
      ┃ [ ] · chdir                                  ┃│request                                                               │
      ┃ [ ] · close                                  ┃│· not selected yet                                                    │
      ┃┏━ The environment failed ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓│
      ┃┃ the client VM was not ready within 300 s                                                                           ┃│
      ┃┃                                                                                                                    ┃│
      ┃┃ │ [  OK  ] Finished systemd-tmpfiles-…eate System Files and Directories.                                           ┃│
      ┃┃ │ [  OK  ] Started systemd-udevd.serv…nager for Device Events and Files.                                           ┃│
      ┃┃ │ [  OK  ] Reached target sysinit.target - System Initialization.                                                  ┃│
      ┃┃ │          Starting systemd-networkd.…ice - Network Configuration...                                               ┃╯
      ┃┃ │ [  OK  ] Reached target basic.target - Basic System.                                                             ┃╮
      ┃┃ │          Starting nfstest-first-boo…ce - cloud-init, all stages...                                               ┃│
      ┃┃ │ [   10.848248] virtio_net virtio0 enp0s1: renamed from eth0                                                      ┃│
      ┃┃ │ [   11.055231] python3[189]: /usr/bin/python3: can't open file '/usr/lib/nfstest-client/first-boot.py': [Errno 2…┃│
      ┃┃ │ [FAILED] Failed to start nfstest-fi…vice - cloud-init, all stages.                                               ┃│
      ┃┃ │ See 'systemctl status nfstest-first-boot.service' for details.                                                   ┃│
      ┃┃ │ [  OK  ] Started systemd-networkd.service - Network Configuration.                                               ┃│
      ┃┃ │ [  OK  ] Reached target network.target - Network.                                                                ┃│
      ┃┃ │          Starting systemd-user-sess…vice - Permit User Sessions...                                               ┃│
      ┃┃ │ [  OK  ] Finished systemd-user-sess…ervice - Permit User Sessions.                                               ┃│
      ┃┃ │ [  OK  ] Reached target multi-user.target - Multi-User System.                                                   ┃╯
      ┃┃ /home/ann/nfstest-tui/build/runs/20261124-023157-29a1/vm.log                                                       ┃╮
      ┃┃                                                                                                                    ┃│
      ┃┃ → try --memory 1G or another --accel; the console's log says more                                                  ┃│
      ┃┃ (/home/ann/nfstest-tui/build/nfstest/vm/qemu.log has QEMU's own)                                                   ┃│
      ┃┃                                                                                                                    ┃│
      ┃┃  r try again  l whole log  Esc look around  q quit                                                                 ┃│
      ┃┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛│
      ┃ [ ] · telldir                                ┃│✔ start server       ganesha-server on 127.0.0.1:4000             0.5s│
      ┃ [ ] · unlink                                 ┃│✘ start client VM    the client VM was not ready within 300 s    5m00s│
      ┃ [ ] ○ write                                  ┃│· connect to client                                                   │
      ┃ [ ] ○ open                                   ┃│· upload suite                                                        │
      ┃ [ ] · chmod                                  ┃│· run testcases                                                       │
      ┃                                              ┃│✔ stop                                                            0.4s│
      ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 0 selected ━┛╰───────────────────────────────────────────────────────────── failed ─╯
       r try again  l whole log  Esc look around  q quit"
    `);
  });

  test('the run is over', async () => {
    const controller = new FakeController();
    controller.take(full);
    for (let number = 1; number <= 100; number += 1) controller.logs.suite.push(`    PASS: line ${number}`);
    const shown = await show(controller, { columns: 120, rows: 40 });
    await shown.press('[', '5');
    expect(shown.frame).toMatchInlineSnapshot(`
      " nfstest-tui │ NFS-Ganesha · NFSv3 · Linux 6.1.0-56 · tcg                                                  stopped 2:25
       1 of 33 testcases failed (open)                                                                           33/33 ✔32 ✘1
      ╭─ 1 Testcases ────────────────────────────────╮╭─ 2 Detail ───────────────────────────────────────────────────────────╮
      │       testcase       checks   time was  delta││open                                          12544 passed, 512 failed│
      │ [ ] ✔ access          58/58   0.3s           ││Every combination of open flags on new, existing and linked files     │
      │ [ ] ✔ chdir             6/6   0.0s           ││(the longest but one)                                                 │
      │ [ ] ✔ close             4/4   0.0s           ││✘ failed in 51.2s                                                     │
      │ [ ] ✔ closedir          1/1   0.0s           ││Failed (2)                                                            │
      │ [ ] ✔ creat             8/8   0.2s           ││✘ opening existent file should return an error when O_EXCL|O_CREAT is │
      │ [ ] ✔ fcntl           38/38   0.1s           ││  used (256 passed, 256 failed)                                       │
      │ [ ] ✔ fdatasync         2/2   2.5s           ││✘ opening symbolic link should return an error when O_EXCL|O_CREAT is │
      │ [ ] ✔ fstat           42/42   0.1s           ││  used (256 passed, 256 failed)                                       │
      │ [ ] ✔ fstatvfs        22/22   0.0s           ││Passed (29)                                                           │
      │ [ ] ✔ fsync             2/2   2.6s           ││✔ opening non-existent file should return an error when O_CREAT is no…│
      │ [ ] ✔ link              6/6   1.1s           ││✔ file should be created when O_CREAT is used (512 passed)            │
      │ [ ] ✔ lseek           10/10   0.1s           ││✔ file should be created with correct permission mode (512 passed)    │
      │ [ ] ✔ lstat           42/42   0.1s           │╰──────────────────────────────────────────────────────────────── ↓26 ─╯
      │ [ ] ✔ mkdir             8/8   1.1s           │┏━ 3 Server 4 VM [5 Suite] ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
      │ [ ] ✔ mmap            15/15   0.9s           │┃    PASS: line 89                                                     ┃
      │ [ ] ✔ munmap          13/13   0.8s           │┃    PASS: line 90                                                     ┃
      │ [ ] ✔ opendir           2/2   0.0s           │┃    PASS: line 91                                                     ┃
      │ [ ] ✔ read              5/5   1.2s           │┃    PASS: line 92                                                     ┃
      │ [ ] ✔ readdir           3/3   0.0s           │┃    PASS: line 93                                                     ┃
      │ [ ] ✔ readlink          9/9   0.0s           │┃    PASS: line 94                                                     ┃
      │ [ ] ✔ rename          14/14   0.1s           │┃    PASS: line 95                                                     ┃
      │ [ ] ✔ rewinddir         4/4   0.2s           │┃    PASS: line 96                                                     ┃
      │ [ ] ✔ rmdir             6/6   1.1s           │┃    PASS: line 97                                                     ┃
      │ [ ] ✔ seekdir           5/5   0.2s           │┃    PASS: line 98                                                     ┃
      │ [ ] ✔ stat            42/42   0.1s           │┃    PASS: line 99                                                     ┃
      │ [ ] ✔ statvfs         22/22   0.0s           │┃    PASS: line 100                                                    ┃
      │ [ ] ✔ symlink           4/4   0.0s           │┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ follows ━┛
      │ [ ] ✔ sync              2/2   2.5s           │╭─ Environment ────────────────────────────────────────────────────────╮
      │ [ ] ✔ telldir           5/5   0.1s           ││server ganesha:latest  exited                                         │
      │ [ ] ✔ unlink          16/16   2.4s           ││cpu - mem -  0 restarts  :4000                                        │
      │ [ ] ✔ write           10/10   1.4s           ││client off  Linux 6.1.0-56, tcg                                       │
      │▸[ ] ✘ open      12544/13056  51.2s           ││                                                                      │
      │ [ ] ✔ chmod             4/4  40.3s           ││                                                                      │
      │                                              ││                                                                      │
      ╰───────────────────────────────── 0 selected ─╯╰──────────────────────────────────────────────────────────── stopped ─╯
       / filter  f follow  w wrap  Tab pane  z zoom  l log  y copy  s shell  ? help  q quit"
    `);
  });
});
