import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { EventBody } from '../model/events.ts';
import { emptyRunState, reduce } from '../model/run-state.ts';
import { outcomeOf } from '../model/verdict.ts';
import { Journal } from '../stream/journal.ts';
import { SuiteParser } from '../suite/parser.ts';
import { plain } from './plain.ts';
import type { ReporterOptions } from './types.ts';

const folder = new URL('../../test/fixtures/nfstest/', import.meta.url);
const started: EventBody = {
  type: 'run.started',
  server: { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' },
  nfsVersion: '3',
  testcases: ['read', 'write', 'open'],
  program: '0.1.0',
};
const resolved: EventBody = { type: 'suite.resolved', suite: { kind: 'nfstest', version: 'v3.2', source: 'https://git.linux-nfs.org' } };

/** A run whose clock goes on by a second per event. */
function stage(options: Partial<ReporterOptions> = {}) {
  let text = '';
  let nowMs = 0;
  let state = emptyRunState;
  const clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs };
  const journal = new Journal('20261124-015503-ab12', { clock });
  const reporter = plain({
    write(part) {
      text += part;
    },
    ...options,
  });
  journal.subscribe((event) => {
    state = reduce(state, event);
    reporter.onEvent(event);
  });
  return {
    record(...bodies: readonly EventBody[]) {
      for (const body of bodies) {
        nowMs += 1000;
        journal.record(body);
      }
    },
    line: (line: string) => reporter.onLine?.('suite', line),
    reporter,
    finish() {
      journal.record({ type: 'run.finished', ...outcomeOf(state), durationMs: 61_000 });
    },
    /** With measured times replaced. */
    get text() {
      return text.replaceAll(/\d+(\.\d+)? s\b/g, '[...]').replaceAll(/\d\d:\d\d:\d\d\.\d+/g, '[...]');
    },
    get raw() {
      return text;
    },
  };
}

function replay(name: string, exitCode: number, options: Partial<ReporterOptions> = {}, testcases = ['read', 'write', 'open']) {
  const run = stage(options);
  const parser = new SuiteParser({ testcases });
  run.record({ ...started, testcases } as EventBody, resolved, { type: 'phase.started', phase: 'suite' });
  for (const line of readFileSync(new URL(name, folder), 'utf8').split('\n')) {
    run.line(line);
    run.record(...parser.push(line));
  }
  run.record(...parser.end({ exitCode, durationMs: 60_000 }), { type: 'phase.finished', phase: 'suite', outcome: 'ok', durationMs: 60_000, detail: null });
  run.finish();
  return run;
}

describe('plain', () => {
  it('a recorded run with failures', () => {
    expect(replay('v3-open-read-write.log', 1, { quiet: true, folder: 'build/runs/20261124-015503-ab12' }).text).toMatchInlineSnapshot(`
      "nfstest-tui 0.1.0, run 20261124-015503-ab12
      server     NFS-Ganesha (ganesha:latest)
      protocol   NFS version 3
      testcases  3: read, write, open
      suite      upstream NFStest v3.2, from https://git.linux-nfs.org
      ==> run testcases …
      FAIL     open   12544/13056  [...]
          - open - opening existent file should return an error when O_EXCL|O_CREAT is used
          - open - opening symbolic link should return an error when O_EXCL|O_CREAT is used
      PASS     read   5/5  [...]
      PASS     write  10/10  [...]
      ==> run testcases … 1 min [...]

      upstream NFStest v3.2 on NFS-Ganesha (ganesha:latest), NFS 3
        testcase  verdict              assertions    time
        read      passed                      5/5   [...]
        write     passed                    10/10   [...]
        open      FAILED              12544/13056  [...]
        total     2 passed, 1 failed  12559/13071  [...]

      only failed  nfstest-tui --ci --image-name=ganesha --nfs-version=3 --suite=nfstest --nfstest-src=https://git.linux-nfs.org --testcase=open
      kept in      build/runs/20261124-015503-ab12
      NFS Test FAILED: 1 of 3 testcases failed (open)
      "
    `);
  });

  it('a passed run ends with the verdict alone', () => {
    const { text } = replay('v3-close-stat-default-verbosity.log', 0, { quiet: true }, ['close', 'stat']);
    expect(text.split('\n').slice(-7).join('\n')).toMatchInlineSnapshot(`
      "  close     passed           4/4  [...]
        stat      passed         42/42  [...]
        total     2 passed       46/46  [...]

      repeat with  nfstest-tui --ci --image-name=ganesha --nfs-version=3 --suite=nfstest --nfstest-src=https://git.linux-nfs.org --testcase=close,stat
      NFS Test PASSED
      "
    `);
    expect(text.endsWith('\nNFS Test PASSED\n')).toBe(true);
  });

  it('a set-up failure', () => {
    const { text } = replay('setup-failure-port-refused.log', 1, { quiet: true });
    expect(text.slice(text.indexOf('error:'))).toMatchInlineSnapshot(`
      "error: the suite failed in its set-up: mount.nfs: Connection refused
          Traceback (most recent call last):
            File "/home/nfstest/suite/./test/nfstest_posix", line 1865, in <module>
              x.setup(nfiles=2)
            File "/home/nfstest/suite/./test/nfstest_posix", line 274, in setup
              self.mount()
            File "/home/nfstest/suite/nfstest/host.py", line 697, in mount
              self.run_cmd(cmd, sudo=True, dlevel='DBG2', msg="Mount volume: ")
            File "/home/nfstest/suite/nfstest/host.py", line 432, in run_cmd
              raise Exception(self.pstderr)
          Exception: mount.nfs: Connection refused
      ==> run testcases … 1 min [...]

      upstream NFStest v3.2 on NFS-Ganesha (ganesha:latest), NFS 3
        not run  read, write, open

      repeat with  nfstest-tui --ci --image-name=ganesha --nfs-version=3 --suite=nfstest --nfstest-src=https://git.linux-nfs.org --testcase=read,write,open
      NFS Test FAILED: the suite failed in its set-up: mount.nfs: Connection refused
      the suite’s output above says where; no testcase ran
      "
    `);
  });

  it('a killed suite', () => {
    const { text } = replay('local-killed.log', 143, { quiet: true }, ['access', 'read', 'open']);
    expect(text.slice(text.indexOf('PASS'))).toMatchInlineSnapshot(`
      "PASS     access  58/58  [...]
      NOT RUN  read    0/0  the suite ended in the middle of it (exit code 143)
      NOT RUN  open    0/0  the suite ended before it (exit code 143)
      warning: the suite printed no totals: its output is not complete
      ==> run testcases … 1 min [...]

      upstream NFStest v3.2 on NFS-Ganesha (ganesha:latest), NFS 3
        testcase  verdict              assertions   time
        access    passed                    58/58  [...]
        read      not run                     0/0         the suite ended in the middle of it (exit code 143)
        open      not run                     0/0         the suite ended before it (exit code 143)
        total     1 passed, 2 not run       58/58  [...]

      repeat with  nfstest-tui --ci --image-name=ganesha --nfs-version=3 --suite=nfstest --nfstest-src=https://git.linux-nfs.org --testcase=access,read,open
      NFS Test FAILED: 2 of 3 testcases did not run
      suite.log in the run’s folder says why
      "
    `);
  });

  it('streams the suite’s lines, without control characters, unless quiet', () => {
    const run = stage();
    run.line('    \u001B[102mPASS\u001B[m: \u001B[1mread - ok\u001B[m\r');
    run.line('   ');
    run.reporter.onLine?.('server', 'ganesha: noise');
    expect(run.raw).toBe('  |     PASS: read - ok\n');

    const quiet = stage({ quiet: true });
    quiet.line('    PASS: read - ok');
    expect(quiet.raw).toBe('');
  });

  it('steps, progress at most every five seconds, notes and what starts', () => {
    const run = stage();
    const progress = (message: string, fraction: number | null): EventBody => ({ type: 'progress.reported', phase: 'vm-image', message, fraction });
    run.record(
      { type: 'phase.started', phase: 'vm-image' },
      progress('downloading', 0.01),
      ...[0.1, 0.2, 0.3, 0.4, 0.5, 0.6].map((fraction) => progress('downloading', fraction)),
      { type: 'phase.finished', phase: 'vm-image', outcome: 'ok', durationMs: 7000, detail: 'cached' },
      { type: 'note.reported', level: 'info', message: 'port 4000 is taken, using 4007' },
      { type: 'note.reported', level: 'warning', message: 'no KVM' },
      { type: 'server.started', containerId: 'c0ffee', containerName: 'ganesha-server', nfsPort: 4007, mountPort: 4008, image: 'ganesha:latest' },
      { type: 'server.ready' },
      { type: 'vm.started', pid: 4711, accelerator: 'tcg', sshPort: 2222 },
      { type: 'client.connected', kernel: '6.1.0-56-cloud-amd64' },
      { type: 'remark.reported', testcase: 'read', level: 'bug', message: 'odd' },
      { type: 'remark.reported', testcase: null, level: 'info', message: 'not shown' },
      { type: 'server.exited', exitCode: 139, outOfMemory: true, unexpected: true },
      { type: 'server.exited', exitCode: 0, outOfMemory: false, unexpected: false },
      { type: 'vm.exited', exitCode: null, signal: 'SIGKILL', unexpected: true },
      { type: 'phase.started', phase: 'vm' },
      { type: 'phase.finished', phase: 'vm', outcome: 'failed', durationMs: 120_000, detail: 'no marker' },
    );
    expect(run.text).toMatchInlineSnapshot(`
      "==> build VM image …
          1 % downloading
          50 % downloading
      ==> build VM image … [...] (cached)
      note: port 4000 is taken, using 4007
      warning: no KVM
          container ganesha-server, NFS on 127.0.0.1:4007, MOUNT on 127.0.0.1:4008
          QEMU 4711, accelerator tcg, SSH on 127.0.0.1:2222
          client kernel 6.1.0-56-cloud-amd64
      bug: read: odd
      error: the server exited (code 139, out of memory)
      error: the client VM exited (SIGKILL)
      ==> start client VM …
      ==> start client VM … failed after 2 min [...]: no marker
      "
    `);
  });

  it('a run without testcases has no verdict', () => {
    const run = stage();
    run.record({ ...started, testcases: [] } as EventBody);
    run.record({ type: 'run.finished', exitCode: 0, reason: 'the environment is ready', hint: null, log: null, durationMs: 1 });
    expect(run.text).not.toContain('NFS Test');
    expect(run.text.endsWith('\nthe environment is ready\n')).toBe(true);
  });

  it('an environment that could not be started: log, reason and hint', () => {
    const run = stage({ folder: 'build/runs/x' });
    run.record(started);
    const log = { path: 'build/runs/x/vm.log', lines: ['Booting', 'Kernel panic'] };
    run.record({ type: 'run.finished', exitCode: 3, reason: 'the client VM did not start', hint: 'look at vm.log', log, durationMs: 1 });
    expect(run.text).toMatchInlineSnapshot(`
      "nfstest-tui 0.1.0, run 20261124-015503-ab12
      server     NFS-Ganesha (ganesha:latest)
      protocol   NFS version 3
      testcases  3: read, write, open

      unknown suite on NFS-Ganesha (ganesha:latest), NFS 3
        not run  read, write, open

        | Booting
        | Kernel panic
      the end of build/runs/x/vm.log

      repeat with  nfstest-tui --ci --image-name=ganesha --nfs-version=3 --testcase=read,write,open
      kept in      build/runs/x
      NFS Test FAILED: the client VM did not start
      look at vm.log
      "
    `);
  });

  it('shows many failed assertions in part', () => {
    const run = stage();
    run.record(started, { type: 'testcase.started', testcase: 'read' });
    for (let index = 1; index <= 30; index++) {
      run.record({
        type: 'assertion.finished',
        testcase: 'read',
        verdict: 'failed',
        message: `read - ${index}`,
        passedCount: 0,
        failedCount: 1,
        details: ['seen 1'],
      });
    }
    run.record({ type: 'testcase.finished', testcase: 'read', verdict: 'failed', passedCount: 0, failedCount: 30, durationMs: null, reason: null });
    expect(run.text).toContain('FAIL     read   0/30\n    - read - 1\n      seen 1\n');
    expect(run.text).toContain('    - read - 25\n      seen 1\n    … 5 more failed assertions in suite.log\n');
  });

  it('adds colours only where asked, and never instead of words', () => {
    const coloured = replay('v3-open-read-write.log', 1, { color: true }).raw;
    const without = replay('v3-open-read-write.log', 1, { color: false }).raw;
    expect(without).not.toContain('\u001B');
    expect(coloured).toContain('\u001B[31mFAIL   \u001B[39m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken out.
    expect(coloured.replaceAll(/\u001B\[\d+m/g, '')).toBe(without);
  });

  it('always says which suite ran', () => {
    const { text } = replay('v3-open-read-write.log', 1, { quiet: true });
    expect(text.match(/upstream NFStest v3\.2/g)).toHaveLength(2);
    const run = stage();
    run.record(started, { type: 'suite.resolved', suite: { kind: 'bundled', version: null, source: 'nfstest/suite' } });
    run.finish();
    expect(run.text.match(/bundled suite \(not upstream NFStest\)/g)).toHaveLength(2);
  });
});

describe('plain, a round of watch', () => {
  const round = (number: number, changed: string[], testcases: string[]): EventBody =>
    ({ ...started, testcases, round: { number, changed, waitedMs: 250 } }) as EventBody;
  const phase = (name: 'server-image' | 'server' | 'suite'): EventBody[] => [
    { type: 'phase.finished', phase: name, outcome: 'ok', durationMs: 900, detail: null },
  ];

  it('says what changed, what came of it and how long it took; no header, no table', () => {
    const shown = stage({ folder: 'build/runs/r2' });
    shown.record(round(2, ['main.rs', 'lib.rs'], ['write']), resolved, ...phase('server-image'), ...phase('server'));
    shown.record(
      { type: 'testcase.started', testcase: 'write' },
      { type: 'testcase.finished', testcase: 'write', verdict: 'passed', passedCount: 86, failedCount: 0, durationMs: 2_400, reason: null },
      { type: 'suite.finished', exitCode: 0, durationMs: 2_400, printed: null },
      {
        type: 'round.finished',
        number: 2,
        results: [{ testcase: 'write', before: 'failed', now: 'passed' }],
        ...{ buildMs: 1_200, restartMs: 600, testsMs: 2_400, totalMs: 4_400 },
      },
      { type: 'run.finished', exitCode: 0, reason: '1 testcase passed', hint: null, log: null, durationMs: 4_150 },
    );
    expect(shown.raw).toMatchInlineSnapshot(`
      "
      round 2, changed: main.rs, lib.rs
      testcases  1: write
      ==> build server image … 0.9 s
      ==> start server … 0.9 s
      PASS     write  86/86  2.4 s
      round 2: newly passed write
      took       4.4 s: build 1.2 s, restart 0.6 s, tests 2.4 s
      kept in    build/runs/r2
      "
    `);
  });

  it('a build that failed: the end of its log, why, what next', () => {
    const shown = stage();
    shown.record(
      round(3, ['a', 'b', 'c', 'd', 'e', 'f', 'g'], ['write']),
      { type: 'round.finished', number: 3, results: [], buildMs: null, restartMs: null, testsMs: null, totalMs: 1_100 },
      {
        type: 'run.finished',
        ...{ exitCode: 3, reason: 'cargo returned 101', hint: 'mend it' },
        log: { path: 'r3/build.log', lines: ['error[E0425]: cannot find value `x`'] },
        durationMs: 900,
      },
    );
    expect(shown.raw).toMatchInlineSnapshot(`
      "
      round 3, changed: a, b, c, d, e and 2 more
      testcases  1: write
        | error[E0425]: cannot find value \`x\`
      the end of r3/build.log
      error: cargo returned 101
        → mend it
      round 3: not finished
      took       1.1 s
      "
    `);
  });

  it('an overtaken round is no error', () => {
    const shown = stage();
    shown.record(
      round(4, ['a'], ['write']),
      { type: 'round.finished', number: 4, results: [], buildMs: 800, restartMs: null, testsMs: null, totalMs: 1_100 },
      { type: 'run.finished', exitCode: 130, reason: 'overtaken by a change of a', hint: null, log: null, durationMs: 900 },
    );
    expect(shown.raw).toContain('\novertaken by a change of a\nround 4: not finished\ntook       1.1 s: build 0.8 s\n');
  });
});
