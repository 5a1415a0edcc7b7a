import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { assertion, ended, finished, nasty, recordedReport, reportOfEvents, started } from './fake-report.ts';
import { junit } from './junit.ts';
import type { Report } from './report.ts';

const schema = readFileSync(new URL('../../test/fixtures/junit.xsd', import.meta.url), 'utf8');

async function valid(report: Report): Promise<string> {
  const xml = junit(report);
  const { errors } = await validateXML({ xml: [{ fileName: 'junit.xml', contents: xml }], schema: [schema] });
  expect(errors).toEqual([]);
  return xml;
}

describe('junit', () => {
  it('the schema refuses what is not JUnit’s', async () => {
    const xml = junit(recordedReport('nfstest-open')).replace('classname=', 'class=');
    const { valid: accepted, errors } = await validateXML({ xml: [{ fileName: 'junit.xml', contents: xml }], schema: [schema] });
    expect(accepted).toBe(false);
    expect(errors[0]?.message).toMatch(/class/);
  });

  it.each(['full', 'no-vm', 'nfstest-open', 'nfstest-chmod-v4', 'broken-rename', 'nfstest-open-triage'] as const)(
    'the recorded run %s is valid',
    async (run) => {
      await valid(recordedReport(run));
    },
  );

  it('has one suite per testcase and one case per assertion, with properties, times and output', async () => {
    const xml = await valid(recordedReport('nfstest-open'));
    expect(xml.match(/<testsuites [^>]*>/)?.[0]).toMatchInlineSnapshot(`"<testsuites name="nfstest_posix" tests="40" failures="0" errors="0" time="91.394">"`);
    expect(xml.match(/<testsuite [^>]*name="open"[^>]*>/)?.[0]).toMatchInlineSnapshot(
      `"<testsuite name="open" package="nfstest_posix" id="2" timestamp="2026-11-25T03:50:23" hostname="nfstest-vm" tests="31" failures="0" errors="0" skipped="2" time="50.186">"`,
    );
    expect([...xml.matchAll(/<testsuite name="(\w+)"/g)].map(([, name]) => name)).toEqual(['close', 'read', 'open']);
    expect(xml.match(/<testcase /g)).toHaveLength(40);
    expect([...new Set(xml.match(/<property [^>]*>/g))]).toMatchInlineSnapshot(`
      [
        "<property name="run" value="20261125-034943-2f6a"/>",
        "<property name="server" value="NFS-Ganesha (ganesha:latest)"/>",
        "<property name="server.image" value="ganesha:latest"/>",
        "<property name="server.image.digest" value="sha256:259e7017c7ee0cea7d7485c0c8a62abdd86d2157768a9ab4d079b2b8df2fea4e"/>",
        "<property name="client.kernel" value="6.1.0-56-cloud-amd64"/>",
        "<property name="client.accelerator" value="tcg"/>",
        "<property name="nfs.version" value="3"/>",
        "<property name="nfs.mount.options" value="vers=3,port=4000,proto=tcp,sec=sys,hard,nolock,noresvport,mountport=4001,actimeo=0"/>",
        "<property name="suite" value="NFStest"/>",
        "<property name="suite.version" value="v3.2-4-ga9ad0d6"/>",
        "<property name="program" value="0.1.0"/>",
      ]
    `);
    expect(xml).toContain('<system-out>*** Verify POSIX API close() on NFSv3');
  });

  it('shows a known failure as skipped, with the reason', async () => {
    const xml = await valid(recordedReport('nfstest-open'));
    expect(xml.match(/<skipped message="known failure: [^"]*O_DIRECTORY[^"]*"/g)).toHaveLength(2);
    expect(xml).not.toContain('<failure');
  });

  it('keeps failures that are not known, with their counts', async () => {
    const xml = await valid(recordedReport('full'));
    expect(xml.match(/<failure [^>]*>[^<]*/g)).toMatchInlineSnapshot(`
      [
        "<failure message="open - opening existent file should return an error when O_EXCL|O_CREAT is used" type="assertion">open - opening existent file should return an error when O_EXCL|O_CREAT is used
      256 passed, 256 failed",
        "<failure message="open - opening symbolic link should return an error when O_EXCL|O_CREAT is used" type="assertion">open - opening symbolic link should return an error when O_EXCL|O_CREAT is used
      256 passed, 256 failed",
      ]
    `);
  });

  it('a run that was cut off has errors and no pass', async () => {
    const xml = await valid(recordedReport('no-vm'));
    expect(xml).not.toMatch(/<testcase [^>]*\/>/);
    expect(xml.match(/<error /g)?.length).toBeGreaterThan(0);
  });

  it('a testcase that did not run is an error, and what it did before is there', async () => {
    const report = reportOfEvents([
      started('read'),
      assertion('read', 'passed', 'one'),
      finished('read', 'passed'),
      started('open'),
      assertion('open', 'passed', 'two'),
      finished('open', 'not-run', { reason: 'the server died' }),
      ended(4, 'the server died (exit code 139)', { log: { path: 'server.log', lines: ['Segmentation fault'] } }),
    ]);
    const xml = await valid(report);
    expect(xml.match(/<error message="([^"]*)"/g)).toEqual([
      '<error message="not run to its end: the server died"',
      '<error message="not run to its end: the run ended first"',
    ]);
    expect(xml).toMatch(/<testsuites [^>]*tests="4" failures="0" errors="2"/);
  });

  it('a run that failed although every testcase passed says so', async () => {
    const report = reportOfEvents([
      started('read'),
      finished('read', 'passed'),
      started('open'),
      finished('open', 'passed'),
      started('write'),
      finished('write', 'passed'),
      ended(4, 'the server died'),
    ]);
    expect(await valid(report)).toContain('<testcase name="the whole run" classname="nfstest_posix.run" time="0.000"><error message="the server died"');
  });

  it('carries anything that a suite can print', async () => {
    const report = reportOfEvents(
      [
        started('read'),
        assertion('read', 'failed', nasty, { details: [nasty] }),
        assertion('read', 'failed', nasty),
        finished('read', 'failed', { reason: nasty }),
        ended(1, nasty),
      ],
      { suite: ["    TEST: Running test 'read'", nasty] },
    );
    const xml = await valid(report);
    expect(xml).toContain(' #2"');
    expect(xml).toContain('a]]&gt;b &lt;i&gt;&amp;amp; &quot;q&quot; red');
    expect(xml).not.toContain('\u001B');
  });
});
