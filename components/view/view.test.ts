import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/model/events.ts';
import { detailLines } from '../panes/detail-lines.ts';
import { FakeController } from '../testing/fake-controller.ts';
import { recordedRun } from '../testing/fake-runs.ts';
import { plainText } from '../text/line.ts';
import type { PreviousResult } from './dashboard-view.ts';
import { progressOf } from './progress.ts';

const server = { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' };
const runOf = (...testcases: readonly string[]): EventBody => ({ type: 'run.started', server, nfsVersion: '3', testcases, program: '0' });
const finished = (testcase: string, verdict: 'passed' | 'failed', durationMs: number): EventBody => ({
  type: 'testcase.finished',
  testcase,
  verdict,
  passedCount: 1,
  failedCount: verdict === 'failed' ? 1 : 0,
  durationMs,
  reason: null,
});
const rowOf = (controller: FakeController, name: string) => controller.store.getSnapshot().testcases.find((testcase) => testcase.name === name);

describe('a session', () => {
  test('keeps the rows that a second run does not select, and remembers the others’ verdicts', () => {
    const controller = new FakeController();
    controller.becomeReady();
    controller.emit(runOf('open', 'read'), { type: 'suite.started', command: '' }, finished('open', 'failed', 50), finished('read', 'passed', 5));
    controller.emit({ type: 'suite.finished', exitCode: 1, durationMs: 60, printed: null });
    expect(controller.store.getSnapshot().environment).toBe('ready');
    controller.emit(runOf('open'));
    expect(controller.store.getSnapshot()).toMatchObject({ environment: 'ready', laneStates: [{ client: { state: 'ready' } }], selected: ['open'] });
    expect(rowOf(controller, 'read')?.status).toBe('passed');
    expect(rowOf(controller, 'open')).toMatchObject({ status: 'pending', assertions: [], previous: { verdict: 'failed', durationMs: 50 } });
    controller.emit({ type: 'testcase.started', testcase: 'open' });
    expect(rowOf(controller, 'open')).toMatchObject({ status: 'running', previous: { verdict: 'failed', durationMs: 50 } });
  });

  test('that is recorded from its second run on begins ready, and is stopped at its end', () => {
    const controller = new FakeController();
    const environment = { imageId: null, clientKernel: '6.1.0', accelerator: 'tcg' };
    controller.emit({ ...runOf('open'), environment } as EventBody);
    expect(controller.store.getSnapshot()).toMatchObject({ environment: 'ready', laneStates: [{ client: { state: 'ready', kernel: '6.1.0' } }] });
    controller.emit(finished('open', 'passed', 1), { type: 'run.finished', exitCode: 0, reason: '', hint: null, log: null, durationMs: 1 });
    expect(controller.store.getSnapshot().environment).toBe('ready');
    const stop = (lane: number, ...types: readonly ('started' | 'finished')[]) => {
      for (const type of types)
        if (type === 'started') controller.emitIn(lane, { type: 'phase.started', phase: 'stop' });
        else controller.emitIn(lane, { type: 'phase.finished', phase: 'stop', outcome: 'ok', durationMs: 1, detail: null });
    };
    stop(0, 'started');
    stop(1, 'started');
    stop(0, 'finished');
    expect(controller.store.getSnapshot().environment).toBe('stopping');
    stop(1, 'finished');
    expect(controller.store.getSnapshot().environment).toBe('stopped');
  });

  test('goes on while a lane that was lost is stopped, and stops when the last one does', () => {
    const controller = new FakeController();
    controller.becomeReady(2);
    const begin = (lane: number, phase: 'suite' | 'stop' | 'vm') => controller.emitIn(lane, { type: 'phase.started', phase });
    const environment = () => controller.store.getSnapshot().environment;
    for (const lane of [0, 1]) begin(lane, 'suite');
    controller.emit({ type: 'suite.started', command: '' });
    begin(1, 'stop');
    expect(environment()).toBe('running');
    // Put up anew, and then the other one is lost.
    begin(1, 'vm');
    begin(0, 'stop');
    expect(environment()).toBe('running');
    begin(1, 'stop');
    expect(environment()).toBe('stopping');
  });

  test('with several lanes runs until the last of them has nothing to run', () => {
    const controller = new FakeController();
    controller.becomeReady(2);
    controller.emit({ ...runOf('open', 'read'), lanes: 2 } as EventBody);
    for (const [lane, testcase] of ['open', 'read'].entries())
      controller.emitIn(lane, { type: 'phase.started', phase: 'suite' }, { type: 'suite.started', command: '' }, { type: 'testcase.started', testcase });
    expect([rowOf(controller, 'open')?.lane, rowOf(controller, 'read')?.lane]).toEqual([0, 1]);
    const end = (lane: number) =>
      controller.emitIn(
        lane,
        { type: 'suite.finished', exitCode: 0, durationMs: 1, printed: null },
        { type: 'phase.finished', phase: 'suite', outcome: 'ok', durationMs: 1, detail: null },
      );
    end(0);
    expect(controller.store.getSnapshot().environment).toBe('running');
    end(1);
    expect(controller.store.getSnapshot().environment).toBe('ready');
  });

  test('has every testcase of the catalog, and one that the suite adds', () => {
    const controller = new FakeController();
    controller.emit(runOf('brandnew'), { type: 'testcase.started', testcase: 'other' });
    expect(controller.store.getSnapshot().testcases).toHaveLength(35);
  });

  test('ends as failed where the environment broke, with reason and log', () => {
    const controller = new FakeController();
    controller.take(recordedRun('no-vm').events);
    expect(controller.store.getSnapshot()).toMatchObject({ environment: 'failed', failure: { reason: 'the client VM was not ready within 300 s' } });
    expect(controller.store.getSnapshot().failure?.log?.lines).not.toHaveLength(0);
  });

  test('an unknown event changes nothing', () => {
    const controller = new FakeController();
    const before = controller.store.getSnapshot();
    controller.emit({ type: 'future.event' } as unknown as EventBody);
    expect(controller.store.getSnapshot()).toBe(before);
  });
});

describe('progress', () => {
  const previous = new Map<string, PreviousResult>([
    ['open', { verdict: 'failed', durationMs: 40_000 }],
    ['read', { verdict: 'passed', durationMs: 10_000 }],
    ['write', { verdict: 'not-run', durationMs: null }],
  ]);
  const running = (results: Map<string, PreviousResult>) => {
    const controller = new FakeController({ previous: results });
    controller.emit(runOf('open', 'read', 'write'), { type: 'suite.started', command: '' }, { type: 'testcase.started', testcase: 'open' });
    return controller;
  };

  test('goes by earlier durations; one that is not known takes an average', () => {
    const controller = running(previous);
    controller.wait(15_000);
    expect(progressOf(controller.store.getSnapshot(), controller.now())).toEqual({
      selected: 3,
      passed: 0,
      failed: 0,
      known: 0,
      notRun: 0,
      fraction: expect.closeTo(0.2),
      remainingMs: 60_000,
    });
  });

  test('a testcase that takes longer than usual has nothing left', () => {
    const controller = running(previous);
    controller.wait(900_000);
    expect(progressOf(controller.store.getSnapshot(), controller.now()).remainingMs).toBe(35_000);
  });

  test('without earlier durations it goes by number and makes no promise', () => {
    const controller = running(new Map());
    controller.emit(finished('open', 'failed', 1));
    expect(progressOf(controller.store.getSnapshot(), controller.now())).toMatchObject({ fraction: 1 / 3, remainingMs: null, failed: 1 });
  });
});

test('a testcase keeps what it came to over each NFS version, and whose fault a failure is until it runs again', () => {
  const controller = new FakeController();
  controller.becomeReady();
  const over = (nfsVersion: string, verdict: 'passed' | 'failed') =>
    controller.emit(
      { type: 'run.started', server: { name: 'mine', title: 'Mine', image: 'mine:latest' }, nfsVersion, testcases: ['open'], program: '0.1.0' },
      { type: 'testcase.started', testcase: 'open' },
      { type: 'testcase.finished', testcase: 'open', verdict, passedCount: 1, failedCount: 1, durationMs: 1, reason: null },
    );
  over('3', 'failed');
  controller.emit({ type: 'triage.finished', testcase: 'open', blame: 'server', reason: 'it failed alone', failures: ['a'], results: [] });
  expect(rowOf(controller, 'open')).toMatchObject({ triage: { blame: 'server' }, versions: { '3': 'failed' } });
  expect(detailLines(controller.store.getSnapshot(), 'open', 60).map(plainText).join('\n')).toContain('Triage: server\n  it failed alone');
  over('4.1', 'passed');
  expect(rowOf(controller, 'open')).toMatchObject({ triage: null, versions: { '3': 'failed', '4.1': 'passed' } });
  expect(detailLines(controller.store.getSnapshot(), 'open', 60).map(plainText).join('\n')).toContain('NFS 3 FAILED · NFS 4.1 passed');
});
