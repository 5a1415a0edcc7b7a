import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { summarise } from '../model/summary.ts';
import { appendEvents } from './append-events.ts';
import { readRun } from './read-runs.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nfstest-append-'));
  await cp(fileURLToPath(new URL('../../test/fixtures/runs/full', import.meta.url)), dir, { recursive: true });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it('adds to a recording without adding to its time, and changes nothing of its verdict', async () => {
  const before = await readRun(dir);
  const added = await appendEvents(dir, [{ type: 'versions.finished', runs: [], skipped: ['4.2'] }]);
  const after = await readRun(dir);
  expect(after.events).toEqual([...before.events, ...added]);
  expect(added).toMatchObject([{ runId: before.runId, atMs: before.events.at(-1)?.atMs }]);
  expect(after.state).toEqual(before.state);
});

it('brings the summary up to date, and keeps what only the run knew', async () => {
  const path = join(dir, 'summary.json');
  const shortened = [{ file: 'vm.log', droppedLines: 3, droppedBytes: 99 }];
  await writeFile(path, JSON.stringify({ ...summarise((await readRun(dir)).state), shortened }));
  await appendEvents(dir, [{ type: 'triage.finished', testcase: 'open', blame: 'server', reason: 'alone', failures: ['a'], results: [] }]);
  const { testcases, ...summary } = JSON.parse(await readFile(path, 'utf8'));
  expect(testcases.find(({ name }: { name: string }) => name === 'open').triage).toEqual({ blame: 'server', reason: 'alone', results: [] });
  expect(summary).toMatchObject({ shortened, exitCode: 1 });
});
