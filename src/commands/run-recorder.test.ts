import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRun } from '../history/read-runs.ts';
import type { EventBody, RunEvent } from '../model/events.ts';
import { outcomeOf } from '../model/verdict.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { LogHub } from '../stream/log-hub.ts';
import { RunRecorder } from './run-recorder.ts';

const eventsMaxBytes = 4_000;

function open(): { recorder: RunRecorder; heard: RunEvent[] } {
  const recorder = new RunRecorder({
    ...{ runsDir: fakeFolder(), runsKeep: 5, logMaxBytes: 1_000, eventsMaxBytes, logs: [new LogHub()], reporters: () => [] },
    onTrouble: (error) => {
      throw error;
    },
  });
  const heard: RunEvent[] = [];
  recorder.subscribe((event) => heard.push(event));
  const server = { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' };
  recorder.record({ type: 'run.started', server, nfsVersion: '3', testcases: ['read'], program: '0.1.0' });
  recorder.record({ type: 'testcase.started', testcase: 'read' });
  return { recorder, heard };
}

const passed: EventBody = {
  ...{ type: 'assertion.finished', testcase: 'read', verdict: 'passed', message: 'read works', passedCount: 1, failedCount: 0, details: [] },
};
const failed: EventBody = { ...passed, verdict: 'failed', passedCount: 0, failedCount: 1 } as EventBody;
const finished = (passedCount: number): EventBody => ({
  ...{ type: 'testcase.finished', testcase: 'read', verdict: 'passed', passedCount, failedCount: 0, durationMs: 1_000, reason: null },
});
const sample: EventBody = { type: 'server.sampled', state: 'running', cpuPercent: 1, memoryBytes: 1, restarts: 0 };

describe('a suite that reports without an end', () => {
  it('fills neither disk nor memory; the verdict, and what was left out, are kept', async () => {
    const { recorder, heard } = open();
    for (let count = 0; count < 10_000; count += 1) recorder.record(passed);
    for (let count = 0; count < 100; count += 1) recorder.record(sample);
    recorder.record(finished(10_000));
    await recorder.finish(outcomeOf(recorder.state));
    await recorder.close();

    expect((await stat(join(recorder.folder, 'events.ndjson'))).size).toBeLessThan(eventsMaxBytes + 1_500);
    const { state, events } = await readRun(recorder.folder);
    expect(state).toEqual({ ...recorder.state, laneStates: state.laneStates });
    expect(state.result).toMatchObject({ exitCode: 0, reason: '1 testcase passed' });
    expect(state.testcases[0]).toMatchObject({ status: 'passed', passedCount: 10_000 });

    const kept = events.filter(({ type }) => type === 'assertion.finished').length;
    expect(kept).toBeGreaterThan(10);
    expect(heard.filter(({ type }) => type === 'assertion.finished')).toHaveLength(kept);
    // A screen shows the server's load all the same.
    expect(heard.filter(({ type }) => type === 'server.sampled')).toHaveLength(100);
    const dropped = 10_000 - kept + 100;
    expect(state.notes).toEqual([
      { level: 'warning', message: `${dropped} events were left out of events.ndjson, which is full; the counts of the testcases are whole` },
    ]);
    const summary: unknown = JSON.parse(await readFile(join(recorder.folder, 'summary.json'), 'utf8'));
    expect(summary).toMatchObject({ shortened: [{ file: 'events.ndjson', droppedLines: dropped, droppedBytes: expect.any(Number) }] });
  });

  it.each([
    ['passes', [passed], { exitCode: 1, reason: '1 known failure passed (read: a late one)' }],
    ['passes and comes', [passed, failed], { exitCode: 1, reason: '1 of 1 testcase failed (read)' }],
  ])('what is known of an expected failure holds where it %s past the bound', async (_, late, result) => {
    const { recorder } = open();
    const entry = { testcase: 'read', message: 'a late one', reason: 'why', nfs: [], kernel: [], suite: null };
    recorder.record({ type: 'known-failures.read', source: 'ganesha.toml', strict: true, entries: [entry] });
    for (let count = 0; count < 1_000; count += 1) recorder.record(passed);
    for (let count = 0; count < 1_000; count += 1) {
      for (const body of late) recorder.record({ ...body, message: 'a late one' } as EventBody);
    }
    const failedCount = late.includes(failed) ? 1_000 : 0;
    recorder.record({ ...finished(2_000), verdict: failedCount === 0 ? 'passed' : 'failed', failedCount } as EventBody);
    await recorder.finish(outcomeOf(recorder.state));
    await recorder.close();

    expect((await stat(join(recorder.folder, 'events.ndjson'))).size).toBeLessThan(eventsMaxBytes + 2_000);
    const { state, events } = await readRun(recorder.folder);
    expect(state.known).toEqual(recorder.state.known);
    expect(state.known?.entries).toMatchObject([{ passed: true, seen: failedCount > 0 }]);
    expect(state.result).toMatchObject(result);
    expect(events.filter((event) => event.type === 'assertion.finished' && event.message === 'a late one')).toHaveLength(late.length);
  });

  it('a run of the usual length is told and kept whole', async () => {
    const { recorder } = open();
    for (let count = 0; count < 5; count += 1) recorder.record(passed);
    recorder.record(finished(5));
    await recorder.finish(outcomeOf(recorder.state));
    await recorder.close();
    const { events, state } = await readRun(recorder.folder);
    expect(events.filter(({ type }) => type === 'assertion.finished')).toHaveLength(5);
    expect(state.notes).toEqual([]);
    expect(JSON.parse(await readFile(join(recorder.folder, 'summary.json'), 'utf8'))).not.toHaveProperty('shortened');
  });
});
