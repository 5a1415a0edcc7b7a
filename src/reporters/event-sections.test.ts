import { describe, expect, it } from 'vitest';
import type { EventBody } from '../model/events.ts';
import { triage } from '../model/triage.ts';
import { eventSections } from './event-sections.ts';
import { assertion, finished, reportOfEvents, started } from './fake-report.ts';
import { githubSummary } from './github.ts';
import { html } from './html/index.ts';
import { junit } from './junit.ts';
import { plain } from './plain.ts';
import { buildReport } from './report.ts';
import { sectionLines } from './sections.ts';
import { tap } from './tap.ts';

const blamed = triage({
  testcase: 'open',
  failures: ['open - a', 'open - b'],
  results: [
    { where: 'own', title: 'My server', verdict: 'failed', failures: ['open - a', 'open - b'], reason: null },
    { where: 'reference', title: 'NFS-Ganesha', verdict: 'failed', failures: ['open - b', 'open - c'], reason: null },
    { where: 'local', title: 'local disk', verdict: 'not-run', failures: [], reason: 'no room' },
  ],
});
const grid: EventBody = {
  type: 'versions.finished',
  runs: [
    { nfsVersion: '3', runId: 'a', exitCode: 1, results: [{ testcase: 'open', conclusion: 'failed' }] },
    { nfsVersion: '4.1', runId: null, exitCode: 130, results: [] },
  ],
  skipped: ['4.2'],
};
const events = [started('open'), assertion('open', 'failed', 'open - a'), finished('open', 'failed'), { ...grid }, { ...blamed }];
const bare = reportOfEvents(events);
const report = buildReport({ events: bare.events, ...eventSections(bare.events) });

it('the sections', () => {
  const all = [...report.sections, ...report.testcases.flatMap(({ sections }) => sections)];
  expect(all.flatMap(sectionLines).join('\n')).toMatchInlineSnapshot(`
    "NFS versions
      testcase  NFS 3   NFS 4.1  NFS 4.2
      open      FAILED  not run  not served
    Triage: server
      the assertion failed again on My server, and not on NFS-Ganesha; 1 of 2 failed elsewhere too
    Run again
      assertion  this run    again on My server  reference on NFS-Ganesha  local disk
      open - a   failed      failed              not failed                not run (no room)
      open - b   failed      failed              failed                    not run (no room)
      open - c   not failed  not failed          failed                    not run (no room)"
  `);
});

describe('every report has them', () => {
  it('junit: a property per row, and the testcase’s output', () => {
    const text = junit(report);
    expect(text).toContain('<property name="NFS versions: open" value="NFS 3 FAILED, NFS 4.1 not run, NFS 4.2 not served"/>');
    expect(text).toContain('Triage: server');
  });
  it('tap: comments, and diagnostics', () => {
    const text = tap(report);
    expect(text).toMatch(/\n# NFS versions\n# {3}testcase {2}NFS 3 {3}NFS 4\.1 {2}NFS 4\.2\n/);
    expect(text).toContain('Triage: server');
  });
  it.each([
    ['html', html],
    ['github', githubSummary],
  ])('%s', (_name, render) => {
    expect(render(report)).toMatch(/NFS versions[\s\S]*Triage: server/);
  });
  it('the terminal', () => {
    let text = '';
    const reporter = plain({ write: (part) => (text += part) });
    for (const event of report.events.slice(-2)) reporter.onEvent(event);
    expect(text).toMatchInlineSnapshot(`
      "
      NFS versions
        testcase  NFS 3   NFS 4.1  NFS 4.2
        open      FAILED  not run  not served
      triage     open: server
                 the assertion failed again on My server, and not on NFS-Ganesha; 1 of 2 failed elsewhere too
                 again on My server: failed: open - a; open - b
                 reference on NFS-Ganesha: failed: open - b; open - c
                 local disk: not run: no room
      "
    `);
  });
});
