import { describe, expect, it } from 'vitest';
import { assertion, ended, finished, nasty, recordedReport, reportOfEvents, started } from './fake-report.ts';
import { githubAnnotations, githubSummary } from './github.ts';

describe('annotations', () => {
  it('one per failed assertion', () => {
    expect(githubAnnotations(recordedReport('full'))).toMatchInlineSnapshot(`
      "::error title=NFStest open failed::open - opening existent file should return an error when O_EXCL|O_CREAT is used
      ::error title=NFStest open failed::open - opening symbolic link should return an error when O_EXCL|O_CREAT is used
      "
    `);
  });

  it('none for what is known', () => {
    expect(githubAnnotations(recordedReport('nfstest-open'))).toBe('');
  });

  it('why nothing ran', () => {
    const [first = '', ...more] = githubAnnotations(recordedReport('no-vm')).trimEnd().split('\n');
    expect(first).toMatch(/^::error title=/);
    expect(more.length).toBeLessThanOrEqual(9);
  });

  it('never more than ten lines, and the last one says how many are missing', () => {
    const report = reportOfEvents([
      started('open'),
      ...Array.from({ length: 40 }, (_, index) => assertion('open', 'failed', `wrong ${index}`)),
      finished('open', 'failed'),
      ended(1, 'failed'),
    ]);
    const lines = githubAnnotations(report).trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    expect(lines[9]).toBe('::error title=NFS test::33 more failures are in the step’s summary');
  });

  it('a line end or a command in a message stays text', () => {
    const report = reportOfEvents([
      started('open'),
      assertion('open', 'failed', 'bad%\n::set-output name=x::y', { details: ['a\r\nb'] }),
      finished('open', 'failed'),
      ended(1, 'failed'),
    ]);
    expect(githubAnnotations(report).split('\n')[0]).toBe('::error title=NFStest open failed::bad%25%0A::set-output name=x::y%0Aa%0Ab');
  });
});

describe('summary', () => {
  it('says what failed', () => {
    const text = githubSummary(recordedReport('full'));
    expect(text).toContain('## NFS Test FAILED: 1 of 33 testcases failed (open)');
    expect(text).toContain('| open | ❌ failed | 12544/13056 |');
    expect(text).toContain('### open');
  });

  it('stays under 1 MiB, with the verdict and the table in it', () => {
    const details = Array.from({ length: 2000 }, (_, index) => `ü line ${index} ${'x'.repeat(500)}`);
    const report = reportOfEvents([
      started('open'),
      assertion('open', 'failed', 'big', { details }),
      finished('open', 'failed'),
      started('read'),
      assertion('read', 'failed', 'big', { details }),
      finished('read', 'failed'),
      ended(1, 'two failed'),
    ]);
    const text = githubSummary(report);
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    expect(text).toContain('## NFS Test FAILED: two failed');
    expect(text).toContain('| open | ❌ failed |');
    expect(text).toMatch(/The rest was left out.*\n$/);
  });

  it('Markdown and HTML in messages stay text', () => {
    const report = reportOfEvents([
      started('open'),
      assertion('open', 'failed', `\`\`\`\`\n${nasty}`),
      finished('open', 'failed', { reason: nasty }),
      ended(1, nasty),
    ]);
    const text = githubSummary(report);
    const heading = text.split('\n')[0] ?? '';
    expect(heading).toContain(String.raw`\<i\>`);
    expect(text).toContain('\n`````\n');
    expect(text).not.toContain('\u001B');
  });
});
