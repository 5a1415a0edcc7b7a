import { Parser } from 'tap-parser';
import { describe, expect, it } from 'vitest';
import { answerLines, answerOf, callBefore } from './answer.ts';
import { testcaseDetails } from './details.ts';
import { recordedReport } from './fake-report.ts';
import { githubAnnotations, githubSummary } from './github.ts';
import { html } from './html/index.ts';
import { documents } from './index.ts';
import { junit } from './junit.ts';
import { painter } from './plain-lines.ts';
import { tap } from './tap.ts';

const broken = recordedReport('broken-rename');
const [rename] = broken.testcases;
const [open] = recordedReport('nfstest-open-triage').testcases;

describe('a server that answers RENAME with NFS3ERR_IO', () => {
  it('is to blame, and the call is named', () => {
    expect(rename && answerLines(rename)).toEqual([
      'fault    server: 20 assertions failed again on NFS-Ganesha with faults, and not on NFS-Ganesha or local disk',
      'call     RENAME f001 → f002/new  NFS3ERR_IO (7 answers with this status)',
    ]);
  });

  it('stands before all else where a testcase is shown', () => {
    expect(rename && testcaseDetails(rename, painter(false)).slice(0, 4)).toEqual([
      'FAIL     rename  11/31  1.5 s',
      '    fault    server: 20 assertions failed again on NFS-Ganesha with faults, and not on NFS-Ganesha or local disk',
      '    call     RENAME f001 → f002/new  NFS3ERR_IO (7 answers with this status)',
      '    - rename - rename() of a file should succeed',
    ]);
  });

  it('junit: properties of the testsuite, and the call in the failure', () => {
    const text = junit(broken);
    expect(text).toContain('<property name="triage" value="server"/>');
    expect(text).toContain('<property name="wire.errors" value="RENAME f001 → f002/new  NFS3ERR_IO (7 answers with this status)"/>');
    const first = /<failure message="rename - rename\(\) of a file should succeed"[^>]*>([^<]*)</.exec(text)?.[1];
    // A failure without a call does not get another's.
    const gone = /<failure message="rename - the old name should be gone"[^>]*>([^<]*)</.exec(text)?.[1];
    expect(gone).toMatch(/^rename - the old name should be gone\nfault: server/);
    expect(first).toMatch(/\ncall before it: RENAME \S+\/f001 → \S+\/f002\/new {2}NFS3ERR_IO\nfault: server \(20 assertions/);
  });

  it('tap: diagnostics that a parser reads', () => {
    const parser = new Parser({ strict: true });
    const points: { readonly name: string; readonly diag?: unknown }[] = [];
    parser.on('assert', (point) => points.push(point));
    parser.end(tap(broken));
    expect(points).toMatchObject(
      [{ name: 'rename', diag: { fault: /^server: /, calls: ['RENAME f001 → f002/new  NFS3ERR_IO (7 answers with this status)'] } }].map((point) => ({
        ...point,
        diag: { ...point.diag, fault: expect.stringMatching(point.diag.fault) },
      })),
    );
  });

  it('github: ten annotations at most with the fault in their title, and the summary’s table', () => {
    const lines = githubAnnotations(broken).trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    expect(lines[0]).toMatch(
      /^::error title=NFStest rename failed%3A server::rename - rename\(\) of a file should succeed.*%0Acall before it: RENAME .* NFS3ERR_IO$/,
    );
    expect(githubSummary(broken)).toMatch(
      /\| rename \| ❌ failed \| 11\/31 \| 1\.5 s \| fault server: 20 assertions .*; call RENAME f001 → f002\/new NFS3ERR\\_IO/,
    );
  });

  it('html: the answer before the facts', () => {
    const page = html(broken);
    expect(page.indexOf('id="answers"')).toBeLessThan(page.indexOf('class="facts"'));
    expect(page).toContain('<b class="server">server</b>');
  });

  it('json: the testcase’s triage, with the three results', () => {
    const { testcases } = JSON.parse(documents.json.render(broken)) as {
      testcases: { triage: { blame: string; results: { where: string; verdict: string }[] } }[];
    };
    expect(testcases[0]?.triage).toMatchObject({
      blame: 'server',
      results: [
        { where: 'own', verdict: 'failed' },
        { where: 'reference', verdict: 'passed' },
        { where: 'local', verdict: 'passed' },
      ],
    });
  });
});

it('the known failure of NFS-Ganesha is the client’s or the suite’s', () => {
  expect(open?.status).toBe('known');
  expect(open && answerOf(open)).toEqual({ blame: 'client or suite', reason: '2 assertions failed on local disk too', calls: [] });
});

describe('calls', () => {
  const call = (name: string, status: string) => ({ at: 0, call: name, object: '/export/dir/f', status, latencyMs: 1 });
  const traffic = (...windows: ReturnType<typeof call>[][]) =>
    ({
      ...{ capture: null, problem: null },
      windows: windows.map((calls, failure) => ({ failure, calls, earlier: 0, logs: [] })),
      totals: { calls: 9, procedures: [], errors: [{ status: 'NFS3ERR_NOENT', count: 100 }], latencyMs: null },
    }) as unknown as NonNullable<Parameters<typeof answerOf>[0]['traffic']>;

  it('each failure has its own', () => {
    const calls = traffic([call('MKDIR', 'NFS3ERR_IO')], [call('LOOKUP', 'NFS3_OK')], [call('REMOVE', 'NFS3ERR_ACCES')]);
    expect([0, 1, 2].map((failure) => callBefore({ traffic: calls }, failure))).toEqual([
      'MKDIR /export/dir/f  NFS3ERR_IO',
      null,
      'REMOVE /export/dir/f  NFS3ERR_ACCES',
    ]);
  });

  it('names that are not there are not counted', () => {
    expect(answerLines({ status: 'failed', traffic: traffic([call('LOOKUP', 'NFS3ERR_NOENT')]), triage: null })).toEqual(['call     LOOKUP f  NFS3ERR_NOENT']);
  });

  it.each(['known', 'not-run'] as const)('a testcase that is %s has none to tell', (status) => {
    expect(answerLines({ status, traffic: traffic([call('MKDIR', 'NFS3ERR_IO')]), triage: null })).toEqual([]);
  });
});

it('a testcase that passed, and one whose calls are not known, has nothing to say', () => {
  const [passed] = recordedReport('ganesha-rename').testcases;
  expect(passed && answerLines(passed)).toEqual([]);
  expect(answerLines({ status: 'failed', traffic: null, triage: null })).toEqual([]);
});
