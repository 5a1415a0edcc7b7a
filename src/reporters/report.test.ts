import { describe, expect, it } from 'vitest';
import { assertion, ended, finished, recordedReport, reportOfEvents, started } from './fake-report.ts';
import { excerpt, sectionLines } from './sections.ts';
import { outputByTestcase } from './suite-output.ts';

describe('buildReport', () => {
  it('times phases, testcases and assertions', () => {
    const { testcases, phases, durationMs } = reportOfEvents([
      { type: 'phase.started', phase: 'server' },
      { type: 'phase.finished', phase: 'server', outcome: 'ok', durationMs: 900, detail: null },
      started('read'),
      assertion('read', 'passed', 'one'),
      assertion('read', 'failed', 'two'),
      finished('read', 'failed'),
      started('open'),
      ended(1, 'failed'),
    ]);
    expect(phases).toMatchObject([{ phase: 'server', startedAtMs: 1000, endedAtMs: 2000 }]);
    expect(testcases.map(({ name, startedAtMs, endedAtMs }) => [name, startedAtMs, endedAtMs])).toEqual([
      ['read', 3000, 6000],
      ['open', 7000, 30_000],
      ['write', null, null],
    ]);
    expect(testcases[0]?.assertions.map(({ message, durationMs: ms, known }) => [message, ms, known])).toEqual([
      ['one', 1000, null],
      ['two', 1000, null],
    ]);
    expect(durationMs).toBe(30_000);
  });

  it('says of each failed assertion whether it is known', () => {
    const { testcases } = reportOfEvents([
      {
        type: 'known-failures.read',
        source: 'k.toml',
        strict: false,
        entries: [{ testcase: 'read', message: 'two*', reason: 'because', nfs: [], kernel: [], suite: null }],
      },
      started('read'),
      assertion('read', 'failed', 'one'),
      assertion('read', 'passed', 'three'),
      assertion('read', 'failed', 'two (3 passed, 1 failed)'),
      finished('read', 'failed'),
      ended(1, 'failed'),
    ]);
    expect(testcases[0]?.assertions.map(({ known }) => known)).toEqual([null, null, 'because']);
    expect(testcases[0]?.status).toBe('failed');
  });

  it('gives each testcase of a real run its output', () => {
    const { testcases } = recordedReport('nfstest-open');
    for (const { name, output, assertions } of testcases) {
      expect(output[0]).toBe(`*** Verify POSIX API ${name}() on NFSv3`);
      expect(output.filter((line) => /^ {4}(PASS|FAIL): /.test(line))).toHaveLength(assertions.length);
    }
  });
});

describe('outputByTestcase', () => {
  it('leaves out what belongs to none, and escape sequences', () => {
    const lines = ['setup', '*** Verify a', "    TEST: Running test 'open'", '    \u001B[32mPASS: x\u001B[0m', '', '1 tests (1 passed, 0 failed)', 'after'];
    expect([...outputByTestcase(lines)]).toEqual([['open', ['*** Verify a', "    TEST: Running test 'open'", '    PASS: x']]]);
  });

  describe('of a testcase that a lane lost and another one ran again', () => {
    const begin = ['*** Verify a', "    TEST: Running test 'open'"];
    const whole = [...begin, '    PASS: whole', '    TIME: 1.000000s'];
    const torn = [...begin, '    PASS: torn'];
    const outputOf = (...lines: readonly string[]) => outputByTestcase(lines).get('open');

    it('is that of the run that came to its end, whichever lane’s log comes first', () => {
      expect(outputOf(...torn, ...whole, '1 tests (1 passed, 0 failed)')).toEqual(whole);
      expect(outputOf(...whole, '1 tests (1 passed, 0 failed)', ...torn)).toEqual(whole);
    });

    it('is the last one where neither, or both, came to their end', () => {
      expect(outputOf(...begin, '    PASS: before', ...torn)).toEqual(torn);
      expect(outputOf(...begin, '    TIME: 9.000000s', ...whole)).toEqual(whole);
    });

    it('does not take what another testcase printed', () => {
      expect(outputOf(...whole, ...torn, "    TEST: Running test 'read'", '    PASS: read')).toEqual(whole);
    });
  });
});

describe('sections', () => {
  it('a table is aligned', () => {
    const body = {
      kind: 'table',
      columns: ['call', 'status'],
      rows: [
        ['RENAME', 'NFS3ERR_IO'],
        ['GETATTR', 'NFS3_OK'],
      ],
    } as const;
    expect(sectionLines({ title: 'on the wire', body })).toEqual(['on the wire', '  call     status', '  RENAME   NFS3ERR_IO', '  GETATTR  NFS3_OK']);
  });

  it('an excerpt keeps both ends', () => {
    expect(excerpt(['1', '2', '3', '4', '5', '6', '7', '8', '9'], 4)).toEqual(['1', '… 5 lines left out', '7', '8', '9']);
    expect(excerpt(['1', '2'], 4)).toEqual(['1', '2']);
  });

  it('reports show the sections that are given to them', async () => {
    const { buildReport } = await import('./report.ts');
    const { events } = recordedReport('nfstest-open');
    const section = { title: 'on the wire', body: { kind: 'table', columns: ['call', 'status'], rows: [['RENAME', 'NFS3ERR_IO']] } } as const;
    const report = buildReport({
      events,
      testcaseSections: new Map([['open', [section]]]),
      sections: [{ title: 'whose fault', body: { kind: 'lines', lines: ['the server’s'] } }],
    });
    const { documents } = await import('./index.ts');
    for (const name of ['junit', 'tap', 'github', 'html'] as const) expect(documents[name].render(report)).toMatch(/NFS3ERR[_\\]+IO/);
    for (const name of ['github', 'html'] as const) expect(documents[name].render(report)).toContain('the server’s');
  });
});
