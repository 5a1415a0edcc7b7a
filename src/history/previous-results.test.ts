import { expect, it } from 'vitest';
import { fakeFolder } from '../services/fake-folder.ts';
import type { SuiteQuery } from './comparable.ts';
import { fakeSummary, keepSummary } from './fake-summary.ts';
import { previousResults } from './previous-results.ts';

const runsDir = fakeFolder();
const verdicts = async (...filter: Parameters<typeof previousResults> extends [string, ...infer Rest] ? Rest : never) =>
  Object.fromEntries([...(await previousResults(runsDir, ...filter))].map(([name, { verdict }]) => [name, verdict]));

it('takes the newest verdict of each testcase, of this server and version, before a run', async () => {
  const other = { server: { name: 'other', title: 'Other', image: 'other:1' } };
  await keepSummary(runsDir, fakeSummary('20261124-010000-0001', { open: 'passed', read: 'passed' }));
  await keepSummary(runsDir, fakeSummary('20261124-020000-0002', { open: 'failed', read: 'not-run' }));
  await keepSummary(runsDir, fakeSummary('20261124-030000-0003', { open: 'passed', write: 'failed' }, other));
  await keepSummary(runsDir, fakeSummary('20261124-040000-0004', { read: 'failed' }, { nfsVersion: '4.1' }));
  expect(await verdicts()).toEqual({ open: 'passed', read: 'failed', write: 'failed' });
  expect(await verdicts({ server: 'ganesha', nfsVersion: '3' })).toEqual({ open: 'failed', read: 'passed' });
  expect(await verdicts({ server: 'ganesha', nfsVersion: '3', before: '20261124-020000-0002' })).toEqual({ open: 'passed', read: 'passed' });
  expect(await verdicts({ server: 'unknown' })).toEqual({});
});

it('keeps scripts and suites apart', async () => {
  const dir = fakeFolder();
  const suite = (kind: 'nfstest' | 'bundled', script?: string) => ({ suite: { kind, version: null, source: '', ...(script ? { script } : {}) } });
  await keepSummary(dir, fakeSummary('20261124-010000-0001', { open: 'passed' }, suite('nfstest')));
  await keepSummary(dir, fakeSummary('20261124-020000-0002', { open: 'failed' }, suite('bundled')));
  await keepSummary(dir, fakeSummary('20261124-030000-0003', { open: 'not-run', btest01: 'failed' }, suite('nfstest', 'nfstest_lock')));
  const found = async (query: SuiteQuery) => [...(await previousResults(dir, { suite: query }))].map(([name, { verdict }]) => `${name} ${verdict}`);
  expect(await found({})).toEqual(['open failed']);
  expect(await found({ kind: 'nfstest' })).toEqual(['open passed']);
  expect(await found({ script: 'nfstest_lock' })).toEqual(['btest01 failed']);
});
