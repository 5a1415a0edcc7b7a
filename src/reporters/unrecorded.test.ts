import { describe, expect, it } from 'vitest';
import { assertion, ended, finished, reportOfEvents, started } from './fake-report.ts';
import { githubAnnotations, githubSummary } from './github.ts';
import { html } from './html/index.ts';
import { junit } from './junit.ts';
import { painter, verdictLines } from './plain-lines.ts';
import { tap } from './tap.ts';

const known = {
  type: 'known-failures.read',
  source: 'ganesha.toml',
  strict: false,
  entries: [{ testcase: 'read', message: 'expected', reason: 'why', nfs: [], kernel: [], suite: null }],
};
const reportWith = (assertions: readonly Record<string, unknown>[], failedCount: number) =>
  reportOfEvents([known, started('read'), ...assertions, finished('read', 'failed', { failedCount }), ended(1, '1 of 3 testcases failed (read)')]);

const passes = reportWith([assertion('read', 'passed', 'one')], 12);
const expected = reportWith([assertion('read', 'failed', 'expected')], 12);
const nothing = reportWith([], 1);

describe.each([
  ['only passes are kept', passes, '12 failed assertions are not in the recording', 'passed'],
  ['only known failures are kept', expected, 'not all failed assertions are in the recording: 12 were counted, those that are there are known', 'skipped'],
  ['nothing is kept', nothing, '1 failed assertion is not in the recording', null],
] as const)('a failed testcase of which %s', (_, report, message, before) => {
  it('fails in JUnit', () => {
    const suite = /<testsuite name="read"[\s\S]*?<\/testsuite>/.exec(junit(report))?.[0] ?? '';
    expect(suite).toMatch(new RegExp(`^<testsuite [^>]* tests="${before === null ? 1 : 2}" failures="1" errors="0" skipped="${before === 'skipped' ? 1 : 0}"`));
    expect(suite).toContain(`<testcase name="read" classname="nfstest_posix.read" time="1.200"><failure message="${message}"`);
  });

  it('has an annotation and a place in GitHub’s summary', () => {
    expect(githubAnnotations(report).split('\n')[0]).toBe(`::error title=NFStest read failed::${message}`);
    expect(githubSummary(report)).toMatch(new RegExp(`### read\n\n\`\`\`\n(.*\n)*${message}\n\`\`\``));
  });

  it('says so in TAP, on the page and in lines', () => {
    expect(tap(report)).toContain(`not ok 1 - read\n  ---\n  verdict: "failed"\n  message: "${message}"\n`);
    expect(html(report)).toContain(`<p class="failed">${message}</p>`);
    const [testcase] = report.state.testcases;
    expect(testcase && verdictLines(testcase, { width: 4, paint: painter(false) }).at(-1)).toBe(`    - ${message}`);
  });
});

it('nothing is said where the failure is there, or is expected', () => {
  const reports = [reportWith([assertion('read', 'failed', 'another')], 12), reportWith([assertion('read', 'failed', 'expected')], 1)];
  for (const report of reports) {
    const texts = [junit(report), githubAnnotations(report), githubSummary(report), tap(report), html(report)];
    expect(texts.join('\n')).not.toContain('the recording');
  }
});

it('a testcase that failed without a failed assertion fails all the same', () => {
  const report = reportOfEvents([
    started('read'),
    assertion('read', 'passed', 'one'),
    finished('read', 'failed', { failedCount: 0, reason: 'it ended with an exception' }),
    ended(1, 'x'),
  ]);
  expect(junit(report)).toContain('<failure message="it ended with an exception"');
  expect(githubAnnotations(report).split('\n')[0]).toBe('::error title=NFStest read failed::it ended with an exception');
});
