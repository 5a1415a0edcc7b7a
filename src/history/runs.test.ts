import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../model/errors.ts';
import { fakeSummary, keepSummary } from './fake-summary.ts';
import { findRun } from './find-run.ts';
import { findFlaky } from './flaky.ts';
import { lastFailed } from './last-failed.ts';
import { pruneRuns } from './prune-runs.ts';
import { listRuns } from './read-runs.ts';
import { runRows } from './run-table.ts';

const nfstest = { kind: 'nfstest', version: 'v3.2', source: '' } as const;
const bundled = { kind: 'bundled', version: '0.1.0', source: '' } as const;
const lock = { ...nfstest, script: 'nfstest_lock' } as const;

let runsDir: string;
beforeEach(async () => {
  runsDir = await mkdtemp(join(tmpdir(), 'nfstest-runs-'));
});
afterEach(() => rm(runsDir, { recursive: true, force: true }));

const id = (number: number) => `20261124-0${number}0000-ab1${number}`;
const keep = (number: number, ...[testcases, more]: [Parameters<typeof fakeSummary>[1], Parameters<typeof fakeSummary>[2]?]) =>
  keepSummary(runsDir, fakeSummary(id(number), testcases, more));

describe('findRun', () => {
  beforeEach(async () => {
    for (const number of [1, 2, 3]) await keep(number, { read: 'passed' });
    await mkdir(join(runsDir, 'notes'));
    await symlink(id(2), join(runsDir, 'latest'));
  });

  it.each([
    ['latest', 3],
    ['latest~1', 2],
    ['latest~2', 1],
    [id(2), 2],
    ['20261124-02', 2],
    ['20261124-03~2', 1],
  ])('%s', async (word, number) => {
    expect(await findRun(word, runsDir)).toBe(join(runsDir, id(number)));
  });

  it('a folder, or its events', async () => {
    const dir = join(runsDir, id(1));
    expect(await findRun(dir, '/nowhere')).toBe(dir);
    expect(await findRun(join(dir, 'events.ndjson'), '/nowhere')).toBe(dir);
  });

  it.each([
    ['2026', "'2026' stands for 3 runs"],
    ['latest~3', `there are only 2 runs before ${id(3)}`],
    ['20261124-09', "there is no run '20261124-09'"],
    ['yesterday', "there is no run 'yesterday'"],
    ['latest~-1', "there is no run 'latest~-1'"],
  ])('%s: %s', async (word, message) => {
    await expect(findRun(word, runsDir)).rejects.toThrow(UserError);
    await expect(findRun(word, runsDir)).rejects.toThrow(message);
  });

  it('says so where there is none at all, and for a file that is none', async () => {
    await expect(findRun('latest', join(runsDir, 'notes'))).rejects.toThrow(`there is no run in ${join(runsDir, 'notes')}`);
    await expect(findRun('latest', join(runsDir, 'nowhere'))).rejects.toThrow(UserError);
    await expect(findRun(join(runsDir, id(1), 'summary.json'), runsDir)).rejects.toThrow('is no recorded run');
  });
});

describe('the table', () => {
  it('says what changed against what was known before, of the same server and version', async () => {
    await keep(1, { read: 'passed', open: { verdict: 'failed', failures: ['x'] } });
    await keep(2, { read: { verdict: 'failed', failures: ['y'] } }, { nfsVersion: '4.1' });
    await keep(3, { read: 'not-run', open: { verdict: 'failed', failures: ['x'] } });
    await keep(4, { read: { verdict: 'failed', failures: ['y'] }, open: 'passed', write: 'passed' });
    await mkdir(join(runsDir, id(5)));
    const rows = runRows(await listRuns(runsDir));
    expect(rows.map(({ runId, delta, totals }) => [runId, delta, totals?.passed ?? null])).toEqual([
      [id(5), null, null],
      [id(4), { newlyFailing: ['read'], newlyPassing: ['open'] }, 2],
      [id(3), { newlyFailing: [], newlyPassing: [] }, 0],
      [id(2), null, 0],
      [id(1), null, 1],
    ]);
  });
});

describe('the table, of scripts', () => {
  it('one script’s run says nothing about another’s, nor one suite’s about another’s', async () => {
    await keep(1, { read: 'passed' }, { suite: nfstest });
    await keep(2, { read: { verdict: 'failed', failures: ['y'] } }, { suite: bundled });
    await keep(3, { read: { verdict: 'failed', failures: ['y'] } }, { suite: lock });
    await keep(4, { read: { verdict: 'failed', failures: ['y'] } }, { suite: nfstest });
    const rows = runRows(await listRuns(runsDir));
    expect(rows.map(({ delta, suite, script }) => [suite, script, delta?.newlyFailing ?? null])).toEqual([
      ['nfstest', 'nfstest_posix', ['read']],
      ['nfstest', 'nfstest_lock', null],
      ['bundled', 'nfstest_posix', null],
      ['nfstest', 'nfstest_posix', null],
    ]);
  });
});

describe('findFlaky', () => {
  const runs = (...testcases: Parameters<typeof fakeSummary>[1][]) => testcases.map((one, index) => fakeSummary(id(9 - index), one));

  it('mixed verdicts with the same image', () => {
    expect(findFlaky(runs({ a: 'passed', b: 'passed' }, { a: 'failed', b: 'passed' }, { a: 'passed', b: 'not-run' }))).toMatchObject([
      { testcase: 'a', passed: 2, failed: 1, imageId: 'sha256:aaaa', server: 'ganesha:latest' },
    ]);
  });

  it.each([
    ['image', { imageId: 'sha256:bbbb' }],
    ['version', { nfsVersion: '4.1' }],
    ['suite', { suite: { kind: 'bundled', version: null, source: '' } }],
    ['client', { clientKernel: '6.12.1' }],
    ['script', { suite: { kind: 'nfstest', version: 'v3.2', source: '', script: 'nfstest_lock' } }],
  ] as const)('not with another %s', (_, more) => {
    const usual = { suite: nfstest };
    expect(findFlaky([fakeSummary(id(2), { a: 'passed' }, usual), fakeSummary(id(1), { a: 'failed' }, { ...usual, ...more })])).toEqual([]);
  });

  it('not where the image is not known, as in old recordings', () => {
    const old = (verdict: 'passed' | 'failed') => fakeSummary(id(1), { a: verdict }, { imageId: null });
    expect(findFlaky([old('passed'), old('failed')])).toEqual([]);
  });

  it('only the newest runs count', () => {
    const many = runs(...Array.from({ length: 4 }, () => ({ a: 'passed' as const })), { a: 'failed' });
    expect(findFlaky(many, 4)).toEqual([]);
    expect(findFlaky(many, 5)).toHaveLength(1);
  });
});

describe('lastFailed', () => {
  const query = { serverName: 'ganesha', nfsVersion: '3' };

  it('the newest verdict of each testcase counts, and what the newest run left out', async () => {
    await keep(1, { a: 'failed', b: 'failed', c: 'not-run', d: 'known', e: 'passed' });
    await keep(2, { a: 'failed', b: 'passed', e: 'not-run' });
    await keep(3, { b: 'failed' }, { nfsVersion: '4.1' });
    await keep(4, { b: 'failed' }, { server: { name: 'other', title: 'Other', image: 'other:latest' } });
    await keep(5, { f: 'not-run' });
    expect(await lastFailed(runsDir, query)).toEqual(['f', 'a']);
  });

  it('of one script, and of the suite that ran last unless one is named', async () => {
    await keep(1, { a: 'failed' }, { suite: nfstest });
    await keep(2, { b: 'failed' }, { suite: bundled });
    await keep(3, { c: 'failed' }, { suite: lock });
    expect(await lastFailed(runsDir, query)).toEqual(['b']);
    expect(await lastFailed(runsDir, { ...query, kind: 'nfstest' })).toEqual(['a']);
    expect(await lastFailed(runsDir, { ...query, script: 'nfstest_lock' })).toEqual(['c']);
    expect(await lastFailed(runsDir, { ...query, script: 'nfstest_dio' })).toBeNull();
  });

  it('nothing failed, and nothing is kept', async () => {
    expect(await lastFailed(runsDir, query)).toBeNull();
    await keep(1, { a: 'passed' });
    expect(await lastFailed(runsDir, query)).toEqual([]);
  });
});

describe('pruneRuns', () => {
  const left = async () => (await readdir(runsDir)).sort();

  it('deletes the oldest and nothing else', async () => {
    for (const number of [1, 2, 3, 4]) await keep(number, { a: 'passed' });
    await mkdir(join(runsDir, 'notes'));
    await mkdir(join(runsDir, '20200101-000000-mine'));
    await writeFile(join(runsDir, '20200101-000000-aaaa'), 'a file');
    await symlink('notes', join(runsDir, '20200101-000000-bbbb'));
    await symlink(id(4), join(runsDir, 'latest'));
    expect(await pruneRuns(runsDir, 2, id(4))).toEqual([id(2), id(1)]);
    expect(await left()).toEqual(['20200101-000000-aaaa', '20200101-000000-bbbb', '20200101-000000-mine', id(3), id(4), 'latest', 'notes']);
  });

  it('never the run that goes on, here or in another process', async () => {
    for (const number of [1, 3, 4]) await keep(number, { a: 'passed' });
    const going = join(runsDir, id(2));
    await mkdir(going);
    await writeFile(join(going, 'events.ndjson'), '{}\n');
    expect(await pruneRuns(runsDir, 1, id(1))).toEqual([id(3)]);
    expect(await left()).toEqual([id(1), id(2), id(4)]);
    // A day without a word: it was killed.
    const longAgo = new Date(Date.now() - 25 * 3600 * 1000);
    await utimes(join(going, 'events.ndjson'), longAgo, longAgo);
    expect(await pruneRuns(runsDir, 1, id(1))).toEqual([id(2)]);
  });

  it('does nothing where there are few, or no folder', async () => {
    await keep(1, { a: 'passed' });
    expect(await pruneRuns(runsDir, 50, id(1))).toEqual([]);
    expect(await pruneRuns(join(runsDir, 'nowhere'), 1, id(1))).toEqual([]);
  });
});
