import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { EventBody } from '../model/events.ts';
import { LineSplitter } from '../stream/split-lines.ts';
import { testcaseNames } from './catalog.ts';
import { maxStarts, type SuiteEnd, SuiteParser } from './parser.ts';

const folder = new URL('../../test/fixtures/nfstest/', import.meta.url);
const fixture = (name: string) => readFileSync(new URL(name, folder), 'utf8');
const recorded = readdirSync(folder).filter((name) => name.endsWith('.log'));

interface Given {
  readonly testcases?: readonly string[];
  readonly end?: Partial<SuiteEnd>;
}

function parse(text: string, { testcases = [], end = {} }: Given = {}) {
  const parser = new SuiteParser({ testcases });
  const splitter = new LineSplitter();
  const lines = [...splitter.push(text), ...splitter.end()];
  const events = lines.flatMap((line) => parser.push(line));
  events.push(...parser.end({ exitCode: 0, durationMs: 1000, ...end }));
  return { parser, events };
}

const only = <Type extends EventBody['type']>(events: readonly EventBody[], type: Type) =>
  events.filter((event): event is Extract<EventBody, { type: Type }> => event.type === type);

/** `open failed 254/256 1.5s reason`, one per testcase. */
const verdicts = (events: readonly EventBody[]) =>
  only(events, 'testcase.finished').map((event) =>
    [
      event.testcase,
      event.verdict,
      `${event.passedCount}/${event.passedCount + event.failedCount}`,
      event.durationMs === null ? '-' : `${event.durationMs / 1000}s`,
      ...(event.reason === null ? [] : [event.reason]),
    ].join(' '),
  );

const warnings = (events: readonly EventBody[]) =>
  only(events, 'remark.reported')
    .filter((event) => event.level !== 'info')
    .map((event) => `${event.level} ${event.testcase ?? '-'}: ${event.message}`);

const failures = (events: readonly EventBody[]) => only(events, 'assertion.finished').filter((event) => event.verdict === 'failed');

describe('recorded runs', () => {
  it('open, read and write over NFS v3', () => {
    const { events, parser } = parse(fixture('v3-open-read-write.log'), { testcases: ['read', 'write', 'open'], end: { exitCode: 1 } });
    expect(verdicts(events)).toMatchInlineSnapshot(`
      [
        "open failed 12544/13056 50.753s",
        "read passed 5/5 1.218s",
        "write passed 10/10 1.379s",
      ]
    `);
    expect(failures(events)).toMatchInlineSnapshot(`
      [
        {
          "details": [],
          "failedCount": 256,
          "message": "open - opening existent file should return an error when O_EXCL|O_CREAT is used",
          "passedCount": 256,
          "testcase": "open",
          "type": "assertion.finished",
          "verdict": "failed",
        },
        {
          "details": [],
          "failedCount": 256,
          "message": "open - opening symbolic link should return an error when O_EXCL|O_CREAT is used",
          "passedCount": 256,
          "testcase": "open",
          "type": "assertion.finished",
          "verdict": "failed",
        },
      ]
    `);
    expect(events.at(-1)).toEqual({
      type: 'suite.finished',
      exitCode: 1,
      durationMs: 1000,
      printed: { tests: 46, passed: 44, failed: 2 },
    });
    expect(warnings(events)).toEqual([]);
    expect(parser.facts).toMatchObject({ nfsVersion: '3', server: '10.0.2.2', totalMs: 60_368 });
  });

  it('all 33 over NFS v3, in the order in which they ran', () => {
    const { events } = parse(fixture('v3-all.log'), { testcases: testcaseNames, end: { exitCode: 1 } });
    expect(only(events, 'testcase.started').map((event) => event.testcase)).toEqual(testcaseNames);
    expect(only(events, 'testcase.finished').filter((event) => event.verdict === 'passed')).toHaveLength(32);
    expect(verdicts(events).filter((line) => !line.includes('passed'))).toEqual(['open failed 12544/13056 51.221s']);
    expect(only(events, 'assertion.finished')).toHaveLength(461);
    expect(only(events, 'testcase.finished').every((event) => event.durationMs !== null)).toBe(true);
    expect(warnings(events)).toEqual([]);
  });

  it('all 33 over NFS v4.1: a traceback in the last one', () => {
    const { events, parser } = parse(fixture('v4.1-all.log'), { end: { exitCode: 1 } });
    expect(verdicts(events).slice(-2)).toMatchInlineSnapshot(`
      [
        "open failed 12160/12672 63.042s",
        "chmod failed 2/3 26.213s",
      ]
    `);
    expect(failures(events).at(-1)).toMatchInlineSnapshot(`
      {
        "details": [
          "Traceback (most recent call last):",
          "  File "/home/nfstest/suite/./test/nfstest_posix", line 399, in chmod_test",
          "    fstat = os.stat(self.absfile)",
          "            ^^^^^^^^^^^^^^^^^^^^^",
          "OSError: [Errno 5] Input/output error: '/mnt/nfs/nfstest_posix_20261124_020333_d_021'",
        ],
        "failedCount": 1,
        "message": "OSError: [Errno 5] Input/output error: '/mnt/nfs/nfstest_posix_20261124_020333_d_021'",
        "passedCount": 0,
        "testcase": "chmod",
        "type": "assertion.finished",
        "verdict": "failed",
      }
    `);
    expect(parser.facts.nfsVersion).toBe('4.1');
    expect(parser.selected).toEqual(testcaseNames);
    expect(warnings(events)).toEqual([]);
  });

  it('colours and known bugs', () => {
    const { events } = parse(fixture('local-colour.log'), { end: { exitCode: 1 } });
    expect(verdicts(events)).toMatchInlineSnapshot(`
      [
        "open failed 12544/12800 0.224s",
        "read passed 5/5 1.002s",
      ]
    `);
    expect(warnings(events)).toEqual(['bug open: [kernel >= 6.1]: open - opening existent file should return an error when O_EXCL|O_CREAT is used']);
    // The known bug is one of the 37 tests and neither passed nor failed.
    expect(only(events, 'suite.finished')[0]?.printed).toEqual({ tests: 37, passed: 35, failed: 1 });
  });

  it('one line per testcase (--tverbose group)', () => {
    const { events, parser } = parse(fixture('local-group.log'), { end: { exitCode: 1 } });
    expect(verdicts(events)).toEqual(['access passed 58/58 -', 'open failed 12544/13056 -', 'read passed 5/5 -']);
    expect(parser.facts.nfsVersion).toBe('3');
  });

  it('killed in a testcase', () => {
    const { events } = parse(fixture('local-killed.log'), { end: { exitCode: 143 } });
    expect(verdicts(events)).toMatchInlineSnapshot(`
      [
        "access passed 58/58 0.001s",
        "read not-run 0/0 - the suite ended in the middle of it (exit code 143)",
        "open not-run 0/0 - the suite ended before it (exit code 143)",
      ]
    `);
    expect(warnings(events)).toEqual(['warning -: the suite printed no totals: its output is not complete']);
  });

  it('the same text with CRLF, without colours of its own and behind CI timestamps', () => {
    const text = fixture('v3-open-read-write.log');
    const expected = parse(text).events;
    expect(parse(text.replaceAll('\n', '\r\n')).events).toEqual(expected);
    expect(parse(text.replaceAll(/^(?=.)/gm, '2026-11-24T01:55:03.1234567Z ')).events).toEqual(expected);
    expect(parse(text.replaceAll('PASS', '\u001B[102mPASS\u001B[m')).events).toEqual(expected);
  });
});

describe('set-up failures', () => {
  const selected = ['read', 'open'];

  it.each([
    ['setup-failure-mount-refused.log', 'mount.nfs: access denied by server while mounting 10.0.2.2:/nope'],
    ['setup-failure-port-refused.log', 'mount.nfs: Connection refused'],
    [
      'setup-failure-no-sudo.log',
      'sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper',
    ],
    ['config-unknown-testcase.log', 'Invalid test name: opne'],
    ['config-no-server.log', 'server option is required'],
    ['local-nomodule.log', "ModuleNotFoundError: No module named 'nfstest_config'"],
  ])('%s', (name, message) => {
    const { events, parser } = parse(fixture(name), { testcases: selected, end: { exitCode: 1 } });
    expect(only(events, 'suite.setup-failed').map((event) => event.message)).toEqual([message]);
    expect(verdicts(events)).toEqual(['read not-run 0/0 - the suite failed in its set-up', 'open not-run 0/0 - the suite failed in its set-up']);
    expect(only(events, 'testcase.started')).toEqual([]);
    expect(parser.recognised).toBe(true);
    expect(warnings(events)).toEqual([]);
    expect(events.at(-1)?.type).toBe('suite.finished');
  });

  it('keeps the traceback', () => {
    const { events } = parse(fixture('setup-failure-port-refused.log'));
    const [failure] = only(events, 'suite.setup-failed');
    expect(failure?.details[0]).toBe('Traceback (most recent call last):');
    expect(failure?.details.at(-1)).toBe('Exception: mount.nfs: Connection refused');
  });

  it('takes the selection from what the suite printed', () => {
    const { events, parser } = parse(fixture('setup-failure-port-refused.log'));
    expect(parser.selected).toEqual(['open']);
    expect(verdicts(events)).toEqual(['open not-run 0/0 - the suite failed in its set-up']);
  });

  it('takes the last line where nothing else explains it', () => {
    const { events } = parse('runner: uploading\nrunner: python3 is missing\n', { testcases: ['read'], end: { exitCode: 73 } });
    expect(only(events, 'suite.setup-failed')).toEqual([
      { type: 'suite.setup-failed', message: 'python3 is missing', details: ['runner: uploading', 'runner: python3 is missing'] },
    ]);
  });

  it('without any output', () => {
    const { events } = parse('', { testcases: ['read'], end: { exitCode: 127 } });
    expect(only(events, 'suite.setup-failed')[0]?.message).toBe('no output, exit code 127');
  });

  it('is none where the run was ended from outside', () => {
    const { events } = parse('runner: waiting\n', { testcases: ['read'], end: { exitCode: null, reason: 'the VM died' } });
    expect(only(events, 'suite.setup-failed')).toEqual([]);
    expect(verdicts(events)).toEqual(['read not-run 0/0 - the VM died']);
  });
});

const run = (...lines: readonly string[]) => `${lines.join('\n')}\n`;
const test = (name: string) => ['', `*** Verify POSIX API ${name}() on NFSv3`, `    TEST: Running test '${name}'`];

describe('endings', () => {
  it('a testcase that failed and was cut off has failed', () => {
    const text = run(...test('read'), '    PASS: read - one', '    FAIL: read - two', '    PASS: read - three');
    const { events } = parse(text, { testcases: ['read', 'write'], end: { exitCode: null, reason: 'the server died' } });
    expect(verdicts(events)).toEqual(['read failed 2/3 - the server died', 'write not-run 0/0 - the server died']);
  });

  it('a testcase that passed so far and was cut off has not run', () => {
    const text = run(...test('read'), '    PASS: read - one');
    const { events } = parse(text, { testcases: ['read'], end: { exitCode: null, reason: 'timeout' } });
    expect(verdicts(events)).toEqual(['read not-run 1/1 - timeout']);
  });

  it('a testcase whose TIME was printed is complete', () => {
    const text = run(...test('read'), '    PASS: read - one', '    TIME: 1.5s');
    const { events } = parse(text, { testcases: ['read'], end: { exitCode: null, reason: 'timeout' } });
    expect(verdicts(events)).toEqual(['read passed 1/1 1.5s']);
  });

  it('a testcase that was stopped by a signal has not run, though totals follow', () => {
    const text = run(
      ...test('read'),
      '    PASS: read - one',
      '    WARN: the suite was stopped: ended by SIGTERM',
      '',
      '1 tests (1 passed, 0 failed, 1 warnings)',
    );
    expect(verdicts(parse(text, { end: { exitCode: 143 } }).events)).toEqual(['read not-run 1/1 - the suite was stopped in the middle of it']);
  });

  it('an assertion after TIME (a second group) opens it again', () => {
    const text = run(...test('read'), '    PASS: read - one', '    TIME: 1s', '', '*** Second group', '    PASS: read - two');
    expect(verdicts(parse(text, { end: { exitCode: null, reason: 'timeout' } }).events)).toEqual(['read not-run 2/2 1s timeout']);
    const whole = run(text.trimEnd(), '    TIME: 2s', '', '2 tests (2 passed, 0 failed)');
    expect(verdicts(parse(whole).events)).toEqual(['read passed 2/2 3s']);
  });

  it('a testcase without assertion is no pass', () => {
    const text = run(...test('read'), '    TIME: 0.1s', ...test('write'), '    PASS: write - ok', '    TIME: 1s', '', '1 tests (1 passed, 0 failed)');
    const { events } = parse(text, { testcases: ['read', 'write'] });
    expect(verdicts(events)).toEqual(['read not-run 0/0 0.1s no assertion', 'write passed 1/1 1s']);
  });

  it('a testcase that has only known bugs did run', () => {
    const text = run(...test('read'), '    BUG:  [6.1]: read - odd', '    TIME: 1s', '', '1 tests (0 passed, 0 failed, 1 known bugs)');
    const { events } = parse(text);
    expect(verdicts(events)).toEqual(['read passed 0/0 1s']);
    expect(warnings(events)).toEqual(['bug read: [6.1]: read - odd']);
  });

  it('totals that differ are noticed', () => {
    const text = run(...test('read'), '    PASS: read - one', '    TIME: 1s', '', '3 tests (2 passed, 1 failed)');
    expect(warnings(parse(text).events)).toEqual([
      "warning -: the suite's totals are 3 tests (2 passed, 1 failed), but 1 tests (1 passed, 0 failed) were read: output was lost",
    ]);
  });

  it('a failure after the last testcase is no verdict but is said', () => {
    const text = run(...test('read'), '    PASS: read - one', '    TIME: 1s', '', '2 tests (1 passed, 1 failed)', '    FAIL: umount', 'end');
    expect(warnings(parse(text).events)).toEqual(['warning -: umount']);
  });

  it('testcases that were not selected are reported too', () => {
    const text = run(...test('sync'), '    PASS: sync - ok', '    TIME: 1h2m3.5s', '', '1 tests (1 passed, 0 failed)');
    expect(verdicts(parse(text, { testcases: ['read'] }).events)).toEqual([
      'sync passed 1/1 3723.5s',
      'read not-run 0/0 - the suite ended before it (exit code 0)',
    ]);
  });
});

describe('lines between', () => {
  it('a message over several lines belongs to its assertion, whatever it says', () => {
    const text = run(
      ...test('read'),
      '    FAIL: read - data',
      '          PASS: is not a pass',
      '          more',
      '    INFO: done',
      '    FAIL: read - second',
      '    TIME: 1s',
    );
    expect(failures(parse(text).events).map(({ message, details }) => [message, ...details])).toEqual([
      ['read - data', 'PASS: is not a pass', 'more'],
      ['read - second'],
    ]);
  });

  it('a chained traceback is named after its last exception', () => {
    const frame = ['          Traceback (most recent call last):', '            File "b", line 2, in g', '              raise'];
    const text = run(
      ...test('read'),
      '    FAIL: Traceback (most recent call last):',
      '            File "a", line 1, in f',
      '              call()',
      'runner: server still answers',
      '          KeyError: 1',
      '          ',
      '          During handling of the above exception, another exception occurred:',
      '          ',
      ...frame,
      '          OSError: [Errno 116] Stale file handle',
      '          ',
      '    TIME: 1s',
    );
    expect(failures(parse(text).events)[0]?.message).toBe('OSError: [Errno 116] Stale file handle');
  });

  it('lines of the runner and of stderr do not disturb', () => {
    const text = run(
      'runner: suite starts',
      ...test('read'),
      '    PASS: read - one',
      'runner: still here',
      'Traceback (most recent call last):',
      '  File "x.py", line 1, in <module>',
      '    PASS: read - two',
      'BrokenPipeError: gone',
      '    DBG7: 02:00:33.894134 - FAIL: no failure',
      '    WARN: slow',
      '    TIME: 1s',
      '',
      '2 tests (2 passed, 0 failed, 1 warnings)',
    );
    const { events } = parse(text);
    expect(verdicts(events)).toEqual(['read passed 2/2 1s']);
    expect(warnings(events)).toEqual(['warning read: BrokenPipeError: gone', 'warning read: slow']);
  });

  it('passes are reported at once, failures with the next line', () => {
    const parser = new SuiteParser({ testcases: ['read'] });
    expect(parser.push("    TEST: Running test 'read'")).toEqual([{ type: 'testcase.started', testcase: 'read' }]);
    expect(parser.push('    PASS: one').map((event) => event.type)).toEqual(['assertion.finished']);
    expect(parser.push('    FAIL: two')).toEqual([]);
    expect(parser.push('    PASS: three').map((event) => event.type)).toEqual(['assertion.finished', 'assertion.finished']);
  });

  it('does not take other output for NFStest', () => {
    expect(parse('--- FAIL: TestFoo\nPASS: TestBar\nFAIL: x\nok\n').parser.recognised).toBe(false);
    expect(parse('Traceback (most recent call last):\n  File "x.py", line 1\nValueError: no\n').parser.recognised).toBe(false);
  });
});

/** Small repeatable random numbers (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function parseBytes(bytes: Buffer, next: () => number) {
  const parser = new SuiteParser({ testcases: ['read', 'open'] });
  const splitter = new LineSplitter();
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + Math.floor(next() * 200);
    lines.push(...splitter.push(bytes.subarray(at, at + size)));
    at += size;
  }
  lines.push(...splitter.end());
  return [...lines.flatMap((line) => parser.push(line)), ...parser.end({ exitCode: 1, durationMs: 0 })];
}

describe('any input', () => {
  it.each(recorded)('%s: it does not matter how the bytes are cut', (name) => {
    const bytes = Buffer.from(fixture(name).slice(0, 8000));
    const expected = parseBytes(bytes, () => 1);
    for (let seed = 1; seed <= 5; seed++) expect(parseBytes(bytes, random(seed))).toEqual(expected);
  });

  it('a line of a megabyte takes no time', () => {
    const startMs = performance.now();
    for (const filler of [' ', '(', '\u001B[', 'a b ']) parse(`    FAIL: ${filler.repeat(1_000_000 / filler.length)}x\n`);
    expect(performance.now() - startMs).toBeLessThan(2000);
  });

  it('noise never throws and always ends with one verdict per selected testcase', () => {
    const source = Buffer.from(fixture('v3-open-read-write.log') + fixture('setup-failure-no-sudo.log'));
    for (let seed = 1; seed <= 200; seed++) {
      const next = random(seed);
      const start = Math.floor(next() * source.length);
      const bytes = Buffer.from(source.subarray(start, start + 3000));
      for (let change = 0; change < 60; change++) bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256);
      const events = parseBytes(bytes, next);
      expect(events.filter((event) => event.type === 'suite.finished')).toHaveLength(1);
      for (const name of ['read', 'open']) {
        const finished = only(events, 'testcase.finished').filter((event) => event.testcase === name);
        expect(finished.length, `seed ${seed}, ${name}`).toBeGreaterThan(0);
      }
      expect(only(events, 'testcase.started').length).toBeLessThanOrEqual(only(events, 'testcase.finished').length);
    }
  });
});

describe('a suite without an end', () => {
  it('says nothing more once it is over', () => {
    const { parser } = parse("TEST: Running test 'read'\n    PASS: read works\n    TIME: 0.1s\n", { testcases: ['read'] });
    expect(parser.push("TEST: Running test 'write'")).toEqual([]);
    expect([...parser.push('    FAIL: late'), ...parser.push('')]).toEqual([]);
  });

  it('is not read past a number of testcases, and is no pass', () => {
    const one = "TEST: Running test 'read'\n    PASS: read works\n    TIME: 0.1s\n";
    const { events } = parse(one.repeat(maxStarts + 500), { testcases: ['read', 'write'] });
    expect(only(events, 'testcase.started')).toHaveLength(maxStarts + 1);
    const reason = `the suite began more than ${maxStarts} testcases`;
    expect(verdicts(events).slice(-2)).toEqual([`read not-run 0/0 - ${reason}`, `write not-run 0/0 - ${reason}`]);
  });
});
