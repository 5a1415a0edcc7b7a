import { describe, expect, test } from 'vitest';
import { ExitCode } from '../model/exit-codes.ts';
import type { Outcome } from '../model/verdict.ts';
import {
  askFor,
  describeLoss,
  type Fleet,
  finishShare,
  finishTestcase,
  fleetOutcome,
  handOut,
  isUnderWay,
  loseLane,
  maxReplacements,
  mayReplace,
  newFleet,
  renew,
  withLane,
} from './fleet.ts';

const outcome = (exitCode: number, reason: string): Outcome => ({ exitCode, reason, hint: null, log: null }) as Outcome;
const passed = outcome(ExitCode.passed, 'all passed');
const clientLost = outcome(ExitCode.clientLost, 'QEMU was killed');
const serverLost = outcome(ExitCode.serverLost, 'the server died');
/** Every other testcase to every other lane. */
const inTurns = (testcases: readonly string[], lanes: number) =>
  Array.from({ length: lanes }, (_, lane) => testcases.filter((_name, index) => index % lanes === lane));
const idle = (fleet: Fleet): Fleet => fleet.lanes.reduce((all, _lane, index) => withLane(all, index, { status: 'idle' }), fleet);
const handed = (fleet: Fleet): Fleet => {
  const given = handOut(fleet, inTurns);
  if (given === null) throw new Error('nothing was handed out');
  return given.fleet;
};
const testing = (count: number, testcases: readonly string[]): Fleet => handed(idle(newFleet(count, testcases)));
const verdict = () => passed;

describe('handing out', () => {
  test('waits for the last lane to come up: the first one must not take everything', () => {
    const fleet = withLane(newFleet(2, ['read', 'write']), 0, { status: 'idle' });
    expect(handOut(fleet, inTurns)).toBeNull();
    expect([...(handOut(idle(fleet), inTurns)?.shares ?? [])]).toEqual([
      [0, ['read']],
      [1, ['write']],
    ]);
  });

  test('goes to the lanes that are left; one without a share stays idle', () => {
    const fleet = withLane(idle(newFleet(3, ['read'])), 0, { status: 'ended' });
    const given = handOut(fleet, inTurns);
    expect([...(given?.shares ?? [])]).toEqual([[1, ['read']]]);
    expect(given?.fleet.lanes.map(({ status }) => status)).toEqual(['ended', 'testing', 'idle']);
    expect(given?.fleet.waiting).toEqual([]);
  });

  test('nothing is handed out after a stop, or where nothing waits', () => {
    expect(handOut({ ...idle(newFleet(2, ['read'])), halt: passed }, inTurns)).toBeNull();
    expect(handOut(idle(newFleet(2, [])), inTurns)).toBeNull();
  });
});

describe('losing a lane', () => {
  test('what it has not finished waits for the others, what it has is kept', () => {
    const fleet = loseLane(finishTestcase(testing(2, ['access', 'read', 'stat', 'write']), 1, 'read'), 1, clientLost);
    expect(fleet.waiting).toEqual(['write']);
    expect(fleet.retried).toEqual(['write']);
    expect(fleet.loss).toMatchObject({ exitCode: ExitCode.clientLost, reason: 'lane 2: QEMU was killed' });
  });

  test('a testcase that takes two lanes with it is dropped', () => {
    const once = withLane(loseLane(testing(2, ['access', 'read']), 1, clientLost), 1, { status: 'ended' });
    const again = handed(withLane(finishShare(finishTestcase(once, 0, 'access'), 0, passed), 0, { status: 'idle' }));
    expect(again.lanes[0]?.unfinished).toEqual(['read']);
    const twice = loseLane(again, 0, clientLost);
    expect([twice.waiting, twice.dropped]).toEqual([[], ['read']]);
    // The first loss is what led there.
    expect(twice.loss?.reason).toBe('lane 2: QEMU was killed');
  });

  test('is told in words: where its testcases go', () => {
    const fleet = testing(2, ['access', 'read']);
    expect(describeLoss(fleet, 1, clientLost)).toBe('lane 2 lost its client VM (QEMU was killed); its testcases (read) run on the others');
    expect(describeLoss(fleet, 1, serverLost)).toMatch(/^lane 2 lost its server \(the server died\)/);
    expect(describeLoss(withLane(fleet, 0, { status: 'ended' }), 1, clientLost)).toMatch(/its testcases \(read\) do not run$/);
    expect(describeLoss({ ...fleet, retried: ['read'] }, 1, clientLost)).toMatch(/; read had been lost before and will not run again$/);
    expect(describeLoss(withLane(fleet, 1, { unfinished: [] }), 1, clientLost)).toBe('lane 2 lost its client VM (QEMU was killed)');
  });
});

describe('putting a lane up anew', () => {
  const lane = (replacements: number) => ({ status: 'testing', unfinished: [], replacements }) as const;

  test('is promised only where it is done: after a death, five times', () => {
    expect([0, maxReplacements - 1, maxReplacements].map((count) => mayReplace(lane(count), clientLost))).toEqual([true, true, false]);
    expect(mayReplace(lane(0), outcome(ExitCode.environment, 'the engine is gone'))).toBe(false);
    const fleet = testing(2, ['access', 'read']);
    expect(describeLoss(fleet, 1, clientLost, true)).toMatch(/run on the others and a new one$/);
    expect(describeLoss(fleet, 1, clientLost, false)).toMatch(/run on the others$/);
  });
});

describe('how it ended', () => {
  const finished = (fleet: Fleet): Fleet =>
    fleet.lanes.reduce((all, lane, index) => {
      const done = lane.unfinished.reduce((books, name) => finishTestcase(books, index, name), all);
      return finishShare(done, index, passed);
    }, fleet);

  test('by the verdict over everything, where everything ran', () => {
    expect(fleetOutcome(finished(testing(2, ['access', 'read'])), verdict)).toEqual(passed);
  });

  test('a lost client that others made up for is a mishap of ours: the verdict stands', () => {
    const lost = withLane(loseLane(testing(2, ['access', 'read']), 1, clientLost), 1, { status: 'ended' });
    const made = finished(handed(finished(lost)));
    expect(fleetOutcome(made, verdict)).toEqual(passed);
  });

  test('a server that died is a finding, whatever the others found', () => {
    const lost = withLane(loseLane(testing(2, ['access', 'read']), 1, serverLost), 1, { status: 'broken' });
    expect(fleetOutcome(finished(handed(finished(lost))), verdict)).toMatchObject({
      exitCode: ExitCode.serverLost,
      reason: 'lane 2: the server died; all passed',
    });
  });

  test('testcases that no lane is left for: the loss that led there', () => {
    const fleet = testing(2, ['access', 'read']);
    const lost = [0, 1].reduce((books, index) => withLane(loseLane(books, index, clientLost), index, { status: 'ended' }), fleet);
    expect(fleetOutcome(lost, verdict)).toMatchObject({ exitCode: ExitCode.clientLost, reason: 'lane 1: QEMU was killed' });
  });

  test('a share that ended early gives the verdict its hint', () => {
    const cut = { ...outcome(ExitCode.clientLost, 'the suite was cut off'), hint: 'see suite.log' };
    const fleet = finishShare(testing(1, ['access', 'read']), 0, cut);
    expect(fleetOutcome(fleet, verdict)).toEqual({ ...passed, hint: 'see suite.log' });
  });

  test('a session that was asked for nothing has not ended', () => {
    expect(fleetOutcome(idle(newFleet(2, [])), verdict)).toBeNull();
  });

  test('a stop says why, as long as a lane is left', () => {
    const stopped = outcome(ExitCode.interrupted, 'stopped');
    expect(fleetOutcome({ ...idle(testing(2, ['read'])), halt: stopped }, verdict)).toEqual(stopped);
  });
});

describe('a session goes on', () => {
  test('new testcases forget what was lost before, and keep why no lane is there', () => {
    const dead = [0, 1].reduce((books, index) => withLane(loseLane(books, index, serverLost), index, { status: 'broken' }), testing(2, ['access', 'read']));
    expect(askFor(dead, ['stat'])).toMatchObject({ waiting: ['stat'], retried: [], dropped: [], loss: { exitCode: ExitCode.serverLost } });
    expect(askFor(withLane(dead, 0, { status: 'idle' }), ['stat']).loss).toBeNull();
  });

  test('servers that were restarted begin with clean books', () => {
    const dead = withLane(loseLane(testing(2, ['access', 'read']), 1, serverLost), 1, { status: 'broken' });
    expect(renew(dead)).toMatchObject({ waiting: [], retried: [], loss: null, tested: false });
  });

  test('under way is what will still say something', () => {
    const statuses = ['starting', 'idle', 'testing', 'broken', 'ending', 'ended'] as const;
    expect(statuses.filter((status) => isUnderWay({ status, unfinished: [] }))).toEqual(['starting', 'testing', 'ending']);
  });
});
