import { beforeEach, expect, it, vi } from 'vitest';
import type { LaneEvent } from '../machine/lane-machine.ts';
import type { RoundRequest } from './open-run.ts';
import { type RoundSession, WatchLoop } from './watch-loop.ts';

/** A session that writes down what is asked of it. */
class FakeSession implements RoundSession {
  readonly rounds: (Omit<RoundRequest, 'waitedMs'> & { readonly testcases: readonly string[] })[] = [];
  readonly sent: LaneEvent[] = [];
  readonly waits: number[] = [];
  failed: readonly string[] = [];
  /** Opening a run's folder takes its time. */
  opened = Promise.resolve();

  async test(testcases: readonly string[], round?: RoundRequest): Promise<void> {
    if (round === undefined) throw new Error('a round was expected');
    const { waitedMs, ...rest } = round;
    this.rounds.push({ testcases, ...rest });
    this.waits.push(waitedMs);
    await this.opened;
  }

  send(event: LaneEvent): void {
    this.sent.push(event);
  }

  nextTestcases(selection: readonly string[]): readonly string[] {
    return this.failed.length > 0 ? this.failed : selection;
  }
}

let session: FakeSession;
let waiting: number;
beforeEach(() => {
  session = new FakeSession();
  waiting = 0;
});

const start = (mayBeStale = false) => new WatchLoop(session, { selection: ['read', 'write'], mayBeStale, onWaiting: () => (waiting += 1) });
const change = (...names: string[]) => ({ names, sinceMs: performance.now() });
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

it('runs the selection once, then what failed with every change', () => {
  const loop = start();
  expect(loop.isBusy).toBe(true);
  loop.becameIdle();
  expect(session.rounds).toEqual([{ testcases: ['read', 'write'], changed: [], rebuild: false }]);
  session.failed = ['write'];
  loop.becameIdle();
  expect([waiting, loop.isBusy]).toEqual([1, false]);
  loop.changed({ names: ['a.c'], sinceMs: performance.now() - 400 });
  expect(session.rounds.at(-1)).toEqual({ testcases: ['write'], changed: ['a.c'], rebuild: true });
  expect(session.waits.at(-1)).toBeGreaterThanOrEqual(400);
  loop.becameIdle();
  expect([waiting, session.rounds.length, session.sent.length]).toEqual([2, 2, 0]);
});

it('builds first where the environment was taken up, and only then', () => {
  const loop = start(true);
  loop.becameIdle();
  expect(session.rounds[0]).toMatchObject({ changed: [], rebuild: true });
});

it('a change during the start is built in the first round', () => {
  const loop = start();
  loop.changed(change('a.c'));
  expect(session.sent).toEqual([]);
  loop.becameIdle();
  expect(session.rounds).toEqual([{ testcases: ['read', 'write'], changed: ['a.c'], rebuild: true }]);
});

it('a newer change ends the round; all changes begin the next', async () => {
  const loop = start();
  loop.becameIdle();
  await settled();
  loop.changed(change('a.c'));
  loop.changed(change('b.c', 'a.c'));
  expect(session.sent).toMatchObject([
    { type: 'tests.stop', outcome: { exitCode: 130, reason: 'overtaken by a change of a.c' } },
    { type: 'tests.stop', outcome: { reason: 'overtaken by a change of b.c, a.c' } },
  ]);
  expect(session.rounds).toHaveLength(1);
  loop.becameIdle();
  expect(session.rounds.at(-1)).toMatchObject({ changed: ['a.c', 'b.c'], rebuild: true });
  expect(waiting).toBe(0);
});

it('a change before the round has begun stops it when it has', async () => {
  const opened = Promise.withResolvers<void>();
  session.opened = opened.promise;
  const loop = start();
  loop.becameIdle();
  loop.changed(change('a.c'));
  session.sent.length = 0;
  opened.resolve();
  await vi.waitFor(() => expect(session.sent).toMatchObject([{ type: 'tests.stop' }]));
});

it('a server that dies while nothing runs begins no round', () => {
  const loop = start();
  loop.becameIdle();
  loop.becameIdle();
  loop.becameIdle();
  expect([session.rounds.length, waiting]).toEqual([1, 2]);
});

it('begins nothing more once it is stopped', () => {
  const loop = start();
  loop.becameIdle();
  loop.changed(change('a.c'));
  loop.stop();
  loop.becameIdle();
  expect(session.rounds).toHaveLength(1);
});
