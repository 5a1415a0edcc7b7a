import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, readFile, readlink, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnvironmentError, UserError } from '../model/errors.ts';
import type { EventBody, RunEvent } from '../model/events.ts';
import { emptyRunState } from '../model/run-state.ts';
import { Journal } from '../stream/journal.ts';
import { listRuns, readRun, replay } from './read-runs.ts';
import { createRunFolder } from './run-folder.ts';
import { newRunId, runIdPattern } from './run-id.ts';

let runsDir: string;
beforeEach(async () => {
  runsDir = join(await mkdtemp(join(tmpdir(), 'nfstest-history-')), 'runs');
});
afterEach(() => rm(join(runsDir, '..'), { recursive: true, force: true }));

const bodies: readonly EventBody[] = [
  {
    type: 'run.started',
    server: { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' },
    nfsVersion: '3',
    testcases: ['read', 'open'],
    program: '0.1.0',
  },
  { type: 'suite.resolved', suite: { kind: 'bundled', version: '0.1.0', source: 'nfstest/suite' } },
  { type: 'testcase.started', testcase: 'read' },
  { type: 'assertion.finished', testcase: 'read', verdict: 'failed', message: 'read - zeilenweise „ü“', passedCount: 1, failedCount: 2, details: ['a'] },
  { type: 'testcase.finished', testcase: 'read', verdict: 'failed', passedCount: 1, failedCount: 2, durationMs: 1200, reason: null },
  { type: 'run.finished', exitCode: 1, reason: '1 of 2 testcases failed (read), 1 not run', hint: null, log: null, durationMs: 61_000 },
];

const clock = { now: () => new Date('2026-11-24T01:55:03.500Z'), monotonicMs: () => 0 };

async function keep(runId: string): Promise<{ dir: string; events: RunEvent[] }> {
  const folder = createRunFolder(runsDir, runId);
  const events: RunEvent[] = [];
  const journal = new Journal(runId, { clock });
  journal.subscribe((event) => events.push(event));
  journal.subscribe(folder.onEvent);
  for (const body of bodies) journal.record(body);
  folder.onLine('suite', '    PASS: read - one');
  folder.onLine('suite', '    FAIL: read - two');
  folder.onLine('vm', 'NFSTEST_VM_READY');
  await folder.writeSummary(replay(events));
  await folder.close();
  await folder.close();
  return { dir: folder.dir, events };
}

describe('run ids', () => {
  it('sort by time', () => {
    const early = newRunId(new Date('2026-11-24T01:55:03.999Z'));
    const late = newRunId(new Date('2026-11-24T01:55:04.000Z'));
    expect(early).toMatch(runIdPattern);
    expect(early.slice(0, -4)).toBe('20261124-015503-');
    expect(early < late).toBe(true);
  });

  it('differ within a second', () => {
    expect(new Set(Array.from({ length: 20 }, () => newRunId(new Date(0)))).size).toBeGreaterThan(5);
    // Several in one second, as `build` and a run after it.
    const inOneSecond = Array.from({ length: 1000 }, (_, ms) => newRunId(new Date(ms)));
    expect(inOneSecond).toEqual([...inOneSecond].sort());
    expect(inOneSecond.every((id) => runIdPattern.test(id))).toBe(true);
  });
});

describe('a kept run', () => {
  it('has everything on disk when it is closed', async () => {
    const { dir, events } = await keep('20261124-015503-ab12');
    expect((await readdir(dir)).sort()).toEqual(['build.log', 'events.ndjson', 'server.log', 'suite.log', 'summary.json', 'vm.log']);
    expect(await readFile(join(dir, 'suite.log'), 'utf8')).toBe('    PASS: read - one\n    FAIL: read - two\n');
    expect(await readFile(join(dir, 'server.log'), 'utf8')).toBe('');
    const run = await readRun(dir);
    expect(run.events).toEqual(events);
    expect(run.state).toEqual(replay(events));
    expect(run.damagedLines).toBe(0);
  });

  it('has a summary', async () => {
    const { dir } = await keep('20261124-015503-ab12');
    expect(await readFile(join(dir, 'summary.json'), 'utf8')).toMatchInlineSnapshot(`
      "{
        "format": 1,
        "runId": "20261124-015503-ab12",
        "startedAt": "2026-11-24T01:55:03.500Z",
        "program": "0.1.0",
        "exitCode": 1,
        "reason": "1 of 2 testcases failed (read), 1 not run",
        "hint": null,
        "durationMs": 61000,
        "server": {
          "name": "ganesha",
          "title": "NFS-Ganesha",
          "image": "ganesha:latest"
        },
        "nfsVersion": "3",
        "suite": {
          "kind": "bundled",
          "version": "0.1.0",
          "source": "nfstest/suite"
        },
        "suiteExitCode": null,
        "clientKernel": null,
        "accelerator": null,
        "imageId": null,
        "mountOptions": null,
        "known": null,
        "totals": {
          "selected": 2,
          "passed": 0,
          "failed": 1,
          "known": 0,
          "notRun": 1,
          "assertionsPassed": 1,
          "assertionsFailed": 2
        },
        "setupFailure": null,
        "testcases": [
          {
            "name": "read",
            "verdict": "failed",
            "passedCount": 1,
            "failedCount": 2,
            "durationMs": 1200,
            "reason": null,
            "failures": [
              {
                "message": "read - zeilenweise „ü“",
                "details": [
                  "a"
                ],
                "known": null
              }
            ],
            "traffic": null,
            "triage": null
          },
          {
            "name": "open",
            "verdict": "not-run",
            "passedCount": 0,
            "failedCount": 0,
            "durationMs": null,
            "reason": null,
            "failures": [],
            "traffic": null,
            "triage": null
          }
        ],
        "phases": [],
        "lanes": 1,
        "notes": []
      }
      "
    `);
  });

  it('is the latest', async () => {
    await keep('20261124-015503-ab12');
    await keep('20261124-015504-0000');
    expect(await readlink(join(runsDir, 'latest'))).toBe('20261124-015504-0000');
    expect((await readRun(join(runsDir, 'latest'))).runId).toBe('20261124-015504-0000');
    expect((await readdir(runsDir)).sort()).toEqual(['20261124-015503-ab12', '20261124-015504-0000', 'latest']);
  });

  it('leaves a folder named latest alone', async () => {
    await mkdir(join(runsDir, 'latest'), { recursive: true });
    await writeFile(join(runsDir, 'latest', 'mine'), 'x');
    await keep('20261124-015503-ab12');
    expect(await readFile(join(runsDir, 'latest', 'mine'), 'utf8')).toBe('x');
    expect((await readdir(runsDir)).sort()).toEqual(['20261124-015503-ab12', 'latest']);
  });

  it('ignores what comes after its end', async () => {
    const folder = createRunFolder(runsDir, 'late');
    await folder.close();
    folder.onLine('suite', 'too late');
    expect(await readFile(join(folder.dir, 'suite.log'), 'utf8')).toBe('');
  });
});

describe('reading', () => {
  it('lists the newest first and only runs', async () => {
    await keep('20261124-015503-ab12');
    await keep('20261125-000000-0001');
    await mkdir(join(runsDir, '20261126-000000-dead'));
    await writeFile(join(runsDir, 'notes.txt'), '');
    const runs = await listRuns(runsDir);
    expect(runs.map(({ runId, summary }) => [runId, summary?.exitCode ?? null])).toEqual([
      ['20261126-000000-dead', null],
      ['20261125-000000-0001', 1],
      ['20261124-015503-ab12', 1],
    ]);
    expect(await listRuns(join(runsDir, 'nowhere'))).toEqual([]);
  });

  it('tolerates a torn last line', async () => {
    const { dir, events } = await keep('20261124-015503-ab12');
    const path = join(dir, 'events.ndjson');
    await truncate(path, (await readFile(path)).length - 20);
    const run = await readRun(dir);
    expect(run.events).toEqual(events.slice(0, -1));
    expect(run.damagedLines).toBe(1);
    expect(run.state.result).toBeNull();
    expect(run.state.testcases.map((testcase) => testcase.status)).toEqual(['failed', 'pending']);
  });

  it('tolerates events it does not know and lines that are none', async () => {
    const { dir, events } = await keep('20261124-015503-ab12');
    await appendFile(join(dir, 'events.ndjson'), '{"type":"moon.risen","runId":"x","lane":0,"time":"","atMs":1}\nnull\n42\n{"type":"run.started"}\n');
    const run = await readRun(dir);
    expect(run.events).toHaveLength(events.length + 1);
    expect(run.damagedLines).toBe(3);
    expect(run.state).toEqual(replay(events));
  });

  it('says what is missing', async () => {
    await expect(readRun(join(runsDir, 'nowhere'))).rejects.toThrow(UserError);
    await expect(readRun(join(runsDir, 'nowhere'))).rejects.toThrow(`there is no run ${join(runsDir, 'nowhere')}`);
  });

  it('takes a damaged summary for none, and sets it aside', async () => {
    const { dir } = await keep('20261124-015503-ab12');
    await writeFile(join(dir, 'summary.json'), '{"format": 1, "exit');
    expect((await listRuns(runsDir))[0]?.summary).toBeNull();
    expect((await readdir(dir)).filter((name) => name.startsWith('summary'))).toEqual([expect.stringMatching(/^summary\.json\.corrupt-\d{8}-\d{6}$/)]);
  });

  it('leaves the summary of a newer version alone', async () => {
    const { dir } = await keep('20261124-015503-ab12');
    await writeFile(join(dir, 'summary.json'), '{"format": 2}');
    expect((await listRuns(runsDir))[0]?.summary).toBeNull();
    expect(await readFile(join(dir, 'summary.json'), 'utf8')).toBe('{"format": 2}');
  });
});

describe('LOG_MAX', () => {
  it('bounds each log, and counts what it left out', async () => {
    const folder = createRunFolder(runsDir, 'long', { logMaxBytes: 20 });
    // Ten bytes with its end, for `ü` takes two.
    for (let index = 0; index < 5; index++) folder.onLine('server', `zürich ${index}`);
    folder.onLine('server', 'x');
    folder.onLine('server', 'of another lane', 1);
    folder.onLine('vm', '0123456789012345678');
    await folder.writeSummary(emptyRunState);
    await folder.close();
    expect(await readFile(join(folder.dir, 'server.log'), 'utf8')).toBe(
      'zürich 0\nzürich 1\nnfstest-tui: 4 more lines (32 bytes) were left out: LOG_MAX is reached\n',
    );
    expect(await readFile(join(folder.dir, 'server.lane-2.log'), 'utf8')).toBe('of another lane\n');
    expect(await readFile(join(folder.dir, 'vm.log'), 'utf8')).toBe('0123456789012345678\n');
    const summary: unknown = JSON.parse(await readFile(join(folder.dir, 'summary.json'), 'utf8'));
    expect(summary).toMatchObject({ shortened: [{ file: 'server.log', droppedLines: 4, droppedBytes: 32 }] });
  });
});

describe('trouble', () => {
  it('a folder that can’t be made', async () => {
    await writeFile(runsDir, 'a file where the folder should be');
    expect(() => createRunFolder(runsDir, 'x')).toThrow(EnvironmentError);
    expect(() => createRunFolder(runsDir, 'x')).toThrow(runsDir);
  });

  /** /dev/full answers every write with ENOSPC. */
  const fullDisk = existsSync('/dev/full');
  it.runIf(fullDisk)('a full disk is told once, and nothing crashes', async () => {
    const errors: EnvironmentError[] = [];
    const told = Promise.withResolvers<void>();
    const folder = createRunFolder(runsDir, 'full', {
      onError(error) {
        errors.push(error);
        told.resolve();
      },
      pathOf: () => '/dev/full',
    });
    folder.onLine('suite', 'one');
    folder.onLine('vm', 'one');
    await told.promise;
    for (let index = 0; index < 100; index++) folder.onLine('suite', 'more');
    await mkdir(join(folder.dir, 'summary.json', 'in the way'), { recursive: true });
    await folder.writeSummary(emptyRunState);
    await folder.close();
    expect(errors).toHaveLength(1);
    expect(errors[0]?.exitCode).toBe(3);
    expect(errors[0]?.message).toContain(`the run can’t be kept in ${folder.dir}: ENOSPC`);
    expect(errors[0]?.hint).toBe('make room on that disk, or name another folder with --runs-dir');
    expect(await readdir(folder.dir)).toEqual(['summary.json']);
  });

  it.runIf(fullDisk)('what can’t be kept is known after a flush, however little it was', async () => {
    const folder = createRunFolder(runsDir, 'full', { pathOf: (path) => (path.endsWith('events.ndjson') ? '/dev/full' : path) });
    expect(await folder.flush()).toBeNull();
    folder.onEvent({ type: 'note.reported', level: 'info', message: 'last', runId: 'full', lane: 0, time: '2026-01-01T00:00:00.000Z', atMs: 1 });
    expect((await folder.flush())?.message).toContain('ENOSPC');
    await folder.close();
  });

  it('a summary that can’t be written is an error of its own', async () => {
    const folder = createRunFolder(runsDir, 'full');
    await mkdir(join(folder.dir, 'summary.json', 'in the way'), { recursive: true });
    await expect(folder.writeSummary(emptyRunState)).rejects.toThrow(EnvironmentError);
    await folder.close();
  });
});
