import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../model/errors.ts';
import type { RunSummary } from '../model/summary.ts';
import { importLog } from './import.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../../test/fixtures/nfstest/${name}`, import.meta.url));

async function run(file: string, { json = false, testcases }: { json?: boolean; testcases?: readonly string[] } = {}) {
  let text = '';
  const write = (part: string) => {
    text += part;
  };
  const exitCode = await importLog({ file, json, ...(testcases ? { testcases } : {}) }, { write });
  return { exitCode, text: text.replaceAll(/\d+(\.\d+)? s\b/g, '[...]') };
}

const scratch = mkdtempSync(join(tmpdir(), 'nfstest-import-'));
let files = 0;
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function temporary(content: string): string {
  const file = join(scratch, `${files++}.log`);
  writeFileSync(file, content);
  return file;
}

describe('import', () => {
  it.each([
    ['v3-close-stat-default-verbosity.log', 0],
    ['v3-open-read-write.log', 1],
    ['v3-all.log', 1],
    ['v4.1-all.log', 1],
    ['local-colour.log', 1],
    ['local-group.log', 1],
    ['local-killed.log', 1],
    ['setup-failure-mount-refused.log', 6],
    ['setup-failure-port-refused.log', 6],
    ['setup-failure-no-sudo.log', 6],
    ['config-unknown-testcase.log', 6],
    ['config-no-server.log', 6],
    ['local-nomodule.log', 6],
  ])('%s gives exit code %i', async (name, exitCode) => {
    const result = await run(fixture(name));
    expect(result.exitCode).toBe(exitCode);
    expect(result.text).toMatch(exitCode === 0 ? /\nNFS Test PASSED\n$/ : /\nNFS Test FAILED: .+\n/);
  });

  it('prints the run', async () => {
    expect((await run(fixture('v3-open-read-write.log'))).text).toMatchInlineSnapshot(`
      "FAIL     open   12544/13056  [...]
          - open - opening existent file should return an error when O_EXCL|O_CREAT is used
          - open - opening symbolic link should return an error when O_EXCL|O_CREAT is used
      PASS     read   5/5  [...]
      PASS     write  10/10  [...]

      upstream NFStest, NFS 3, server 10.0.2.2, client Linux 6.1.0-56-cloud-amd64
        testcase  verdict              assertions    time
        open      FAILED              12544/13056  [...]
        read      passed                      5/5   [...]
        write     passed                    10/10   [...]
        total     2 passed, 1 failed  12559/13071  [...]

      NFS Test FAILED: 1 of 3 testcases failed (open)
      "
    `);
  });

  it('prints a set-up failure: what was selected has not run', async () => {
    const { text } = await run(fixture('setup-failure-port-refused.log'));
    expect(text.slice(text.indexOf('\n\n'))).toMatchInlineSnapshot(`
      "

      upstream NFStest, NFS 3, server 10.0.2.2, client Linux 6.1.0-56-cloud-amd64
        not run  open

      NFS Test FAILED: the suite failed in its set-up: mount.nfs: Connection refused
      the suite’s output above says where; no testcase ran
      "
    `);
    const { testcases, totals, exitCode } = JSON.parse((await run(fixture('setup-failure-port-refused.log'), { json: true })).text) as RunSummary;
    expect(testcases.map(({ name, verdict }) => [name, verdict])).toEqual([['open', 'not-run']]);
    expect(totals).toMatchObject({ selected: 1, notRun: 1 });
    expect(exitCode).toBe(6);
  });

  it('prints JSON', async () => {
    const summary = JSON.parse((await run(fixture('v4.1-all.log'), { json: true })).text) as RunSummary;
    expect(summary).toMatchObject({
      format: 1,
      exitCode: 1,
      reason: '2 of 33 testcases failed (open, chmod)',
      nfsVersion: '4.1',
      clientKernel: '6.1.0-56-cloud-amd64',
      suite: { kind: 'nfstest' },
      durationMs: 115_198,
      totals: { selected: 33, passed: 31, failed: 2, notRun: 0 },
    });
    expect(summary.testcases.find((testcase) => testcase.name === 'chmod')?.failures).toHaveLength(1);
  });

  it('takes a selection: what is not in the log has not run', async () => {
    const { exitCode, text } = await run(fixture('v3-close-stat-default-verbosity.log'), { testcases: ['close', 'stat', 'chmod'] });
    expect(exitCode).toBe(1);
    expect(text).toContain('NFS Test FAILED: 1 of 3 testcases did not run');
  });

  it('reads standard input, in any pieces', async () => {
    const bytes = readFileSync(fixture('v3-open-read-write.log'));
    let text = '';
    const readStdin = async function* () {
      for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
    };
    const write = (part: string) => {
      text += part;
    };
    expect(await importLog({ file: '-', json: false }, { write, readStdin })).toBe(1);
    expect(text).toContain('12544/13056');
  });

  it('knows the bundled suite by its own word', async () => {
    const log = readFileSync(fixture('v3-close-stat-default-verbosity.log'), 'utf8').replace(
      'INFO: ',
      'INFO: 02:06:09.3 - SUITE: bundled nfstest-tui suite 1.0\n    INFO: ',
    );
    expect((await run(temporary(log))).text).toContain('bundled suite (not upstream NFStest) 1.0, NFS 3');
  });

  it('a log cut off before its first testcase', async () => {
    const log = readFileSync(fixture('v3-open-read-write.log'), 'utf8').slice(0, 4000);
    const { exitCode, text } = await run(temporary(log));
    expect(exitCode).toBe(6);
    expect(text).toContain('NFS Test FAILED: no testcase ran');
  });

  it.each([
    ['/nowhere/nfstest.log', 'there is no file /nowhere/nfstest.log'],
    [temporary(''), / is empty$/],
    [temporary('hello\nFAIL: TestSomething\nworld\n'), /^no NFStest output found in /],
    [temporary('\u0000\u0001\u00FF'.repeat(1000)), /^no NFStest output found in /],
    [tmpdir(), /can’t be read: EISDIR/],
  ])('%s: %s', async (file, message) => {
    const failure = await run(file).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as UserError).exitCode).toBe(2);
    expect((failure as UserError).message).toMatch(message);
  });
});

describe('import with reports and known failures', () => {
  const known = {
    type: 'known-failures.read',
    source: 'k.toml',
    strict: false,
    entries: [
      {
        testcase: 'open',
        message: 'open - opening * should return an error when O_EXCL|O_CREAT is used',
        reason: 'the client',
        nfs: ['3'],
        kernel: ['>=6.1'],
        suite: 'nfstest',
      },
    ],
  } as const;

  it('a known failure does not fail it, and says why in the report', async () => {
    let text = '';
    const outputDir = join(scratch, 'reports');
    const write = (part: string) => {
      text += part;
    };
    const exitCode = await importLog({ file: fixture('v3-open-read-write.log'), json: false, known, reporters: ['junit', 'html'], outputDir }, { write });
    expect(exitCode).toBe(0);
    expect(text).toMatch(/^KNOWN {4}open/);
    expect(text).toMatch(/NFS Test PASSED\njunit +\S+junit.xml\nhtml +\S+report.html\n$/);
    const xml = readFileSync(join(outputDir, 'junit.xml'), 'utf8');
    expect(xml.match(/<skipped message="known failure: the client"/g)).toHaveLength(2);
    expect(xml).toContain('<property name="client.kernel" value="6.1.0-56-cloud-amd64"/>');
    // A log of elsewhere has no times: there is no timeline.
    expect(readFileSync(join(outputDir, 'report.html'), 'utf8')).not.toContain('id="timeline"');
  });

  it('holds only for its version', async () => {
    expect(await importLog({ file: fixture('v4.1-all.log'), json: true, known }, { write: () => {} })).toBe(1);
  });
});
