import { Parser } from 'tap-parser';
import { describe, expect, it } from 'vitest';
import { assertion, ended, finished, nasty, recordedReport, reportOfEvents, started } from './fake-report.ts';
import type { Report } from './report.ts';
import { tap } from './tap.ts';

interface Point {
  readonly ok: boolean;
  readonly id: number;
  readonly name: string;
  readonly todo?: string | boolean;
  readonly diag?: Readonly<Record<string, unknown>>;
}

/** What a TAP parser makes of it: the results, the points of the outer level, and those of each subtest. */
function parse(report: Report) {
  const parser = new Parser({ strict: true });
  const points: Point[] = [];
  const subtests = new Map<string, Point[]>();
  const strange: string[] = [];
  parser.on('assert', (point: Point) => points.push(point));
  parser.on('extra', (line: string) => strange.push(line));
  parser.on('child', (child: Parser) => {
    const own: Point[] = [];
    subtests.set(child.name, own);
    child.on('assert', (point: Point) => own.push(point));
    child.on('extra', (line: string) => strange.push(line));
  });
  parser.end(tap(report));
  expect(strange).toEqual([]);
  return { results: parser.results, points, subtests };
}

describe('tap', () => {
  it('one point per testcase, its assertions as subtest, known failures as TODO', () => {
    const { results, points, subtests } = parse(recordedReport('nfstest-open'));
    expect(results).toMatchObject({ ok: true, count: 3, pass: 2, fail: 1, todo: 1, bailout: false });
    expect(points.map(({ name, ok }) => [name, ok])).toEqual([
      ['close', true],
      ['read', true],
      ['open', false],
    ]);
    expect([...subtests].map(([name, own]) => [name, own.length])).toEqual([
      ['close', 4],
      ['read', 5],
      ['open', 31],
    ]);
    const [known] = subtests.get('open')?.filter(({ ok }) => !ok) ?? [];
    expect(known?.todo).toMatch(/^known failure: .*O_DIRECTORY/);
    expect(known?.diag).toMatchObject({ severity: 'todo', passed: 256, failed: 256 });
  });

  it('a failure that is not known fails', () => {
    const { results, subtests } = parse(recordedReport('full'));
    expect(results).toMatchObject({ ok: false, count: 33, pass: 32, fail: 1 });
    expect(subtests.get('open')?.find(({ ok }) => !ok)?.diag).toMatchInlineSnapshot(`
      {
        "failed": 256,
        "message": "open - opening existent file should return an error when O_EXCL|O_CREAT is used",
        "passed": 256,
        "severity": "fail",
      }
    `);
  });

  it('bails out where the environment failed', () => {
    expect(parse(recordedReport('no-vm')).results).toMatchObject({ ok: false, bailout: expect.stringMatching(/client VM was not ready/) });
  });

  it('keeps to its format whatever a suite prints', () => {
    const { results, points, subtests } = parse(
      reportOfEvents([
        started('read'),
        assertion('read', 'failed', nasty, { details: [nasty, '...', '---'] }),
        finished('read', 'failed', { reason: nasty }),
        ended(1, nasty),
      ]),
    );
    expect(results?.ok).toBe(false);
    expect(points.map(({ ok, todo }) => [ok, todo ?? false])).toEqual([
      [false, false],
      [false, false],
      [false, false],
    ]);
    expect(subtests.get('read')?.[0]).toMatchObject({ ok: false, name: expect.stringContaining('end # TODO % \\ | `x` second: line') });
  });
});
