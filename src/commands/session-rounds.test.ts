import { beforeEach, expect, it } from 'vitest';
import type { LaneEvent } from '../machine/lane-machine.ts';
import { emptyRunState } from '../model/run-state.ts';
import type { Outcome } from '../model/verdict.ts';
import { worstOf } from '../model/verdict.ts';
import { playRounds, type SessionRound } from './session-rounds.ts';
import { gridOf } from './versions.ts';

const end = (exitCode: Outcome['exitCode'], reason = `ended with ${exitCode}`): Outcome => ({ exitCode, reason, hint: null, log: null });
const rounds = (['3', '4.0', '4.1'] as const).map((nfsVersion): SessionRound => ({ testcases: ['read'], manner: { nfsVersion } }));

let asked: string[];
let becomeIdle: (outcome: Outcome) => void;
let player: ReturnType<typeof playRounds>;
beforeEach(() => {
  asked = [];
  const idle: ((outcome: Outcome) => void)[] = [];
  const run = {
    recorder: {
      get folder() {
        return `run-${asked.length}`;
      },
      get state() {
        const testcase = { name: 'read', passedCount: 1, failedCount: 0, durationMs: 1, failures: [], reason: null, lane: 0 };
        return {
          ...emptyRunState,
          runId: `run-${asked.length}`,
          testcases: [{ ...testcase, status: asked.length === 1 ? ('passed' as const) : ('running' as const) }],
        };
      },
    },
    onIdle: (listener: (outcome: Outcome) => void) => void idle.push(listener),
    test: async (_testcases: readonly string[], _round: unknown, manner: { readonly nfsVersion?: string } = {}) => void asked.push(`test ${manner.nfsVersion}`),
    send: (event: LaneEvent) => void asked.push(event.type === 'run.stop' ? `stop ${event.outcome.exitCode}` : event.type),
  };
  player = playRounds(run as unknown as Parameters<typeof playRounds>[0], rounds);
  becomeIdle = (outcome) => {
    for (const listener of idle) listener(outcome);
  };
});

const versions = ['3', '4.0', '4.1'] as const;

it('runs one round after the other and ends the session', () => {
  for (const code of [0, 0, 1, 0] as const) becomeIdle(end(code));
  expect(asked).toEqual(['test 3', 'test 4.0', 'test 4.1', 'stop 0']);
  expect(player.results.map(({ folder, outcome }) => [folder, outcome.exitCode])).toEqual([
    ['run-1', 0],
    ['run-2', 1],
    ['run-3', 0],
  ]);
});

it('a server that died is restarted for the next round, and is no good at the end', () => {
  for (const code of [0, 4, 0, 0, 4] as const) becomeIdle(end(code));
  expect(asked).toEqual(['test 3', 'server.restart', 'test 4.0', 'test 4.1', 'stop 4']);
  expect(player.results.map(({ outcome }) => outcome.exitCode)).toEqual([4, 0, 4]);
});

it('a stop begins no further round; the grid shows what was not run', () => {
  becomeIdle(end(0));
  becomeIdle(end(0));
  player.stop(end(130));
  player.conclude(end(130));
  expect(asked).toEqual(['test 3', 'test 4.0', 'stop 130']);
  const grid = gridOf({ outcome: end(130), results: player.results, versions, skippedVersions: ['4.2'] });
  expect(grid).toMatchObject({
    runs: [
      { nfsVersion: '3', exitCode: 0, results: [{ testcase: 'read', conclusion: 'passed' }] },
      { nfsVersion: '4.0', exitCode: 130, results: [{ testcase: 'read', conclusion: 'not-run' }] },
      { nfsVersion: '4.1', runId: null, exitCode: 130, results: [] },
    ],
    skipped: ['4.2'],
  });
});

it('the worst exit code counts', () => {
  expect([worstOf([]), worstOf([0, 1, 6]), worstOf([4, 1, 3]), worstOf([4, 130])]).toEqual([0, 6, 4, 130]);
});
