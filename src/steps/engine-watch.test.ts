import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventBody } from '../model/events.ts';
import type { Outcome } from '../model/verdict.ts';
import type { EngineAbsence } from '../services/types.ts';
import { watchEngine, whileEngineAnswers } from './engine-watch.ts';
import { FakeContext } from './fake-context.ts';

const silenceMs = 30_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Watches an engine that answers pings while `answers` says so. */
function watch({ answers = () => true, unexpected = () => true }: { answers?: () => boolean; unexpected?: () => boolean } = {}) {
  const abort = new AbortController();
  const listeners = new Set<(absence: EngineAbsence) => void>();
  const bodies: EventBody[] = [];
  const lost: Outcome[] = [];
  let pings = 0;
  let doubts = 0;
  let ended = false;
  const engine = {
    ping: ({ timeoutMs }: { timeoutMs: number }) => {
      pings += 1;
      return answers() ? Promise.resolve(true) : new Promise<boolean>((resolve) => setTimeout(() => resolve(false), timeoutMs));
    },
    doubt: () => {
      doubts += 1;
    },
    onAbsence: (listener: (absence: EngineAbsence) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const report = (body: EventBody) => void bodies.push(body);
  const controls = { signal: abort.signal, report, lose: (outcome: Outcome) => void lost.push(outcome), suspect: () => {} };
  const tail = () => ({ path: '/run/server.log', lines: ['last words'] });
  void watchEngine({ engine, controls, tail, unexpected, signal: abort.signal, silenceMs }).then(() => {
    ended = true;
  });
  const tell = (absence: EngineAbsence) => {
    for (const listener of listeners) listener(absence);
  };
  return { abort, bodies, lost, tell, listeners, pings: () => pings, doubts: () => doubts, ended: () => ended };
}

describe('an engine that keeps its connections and answers nothing', () => {
  it('is lost after six fifths of the time for a call, and not before', async () => {
    let alive = true;
    const watched = watch({ answers: () => alive });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(watched.lost).toEqual([]);
    alive = false;
    await vi.advanceTimersByTimeAsync(29_000);
    expect(watched.lost).toEqual([]);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(watched.bodies).toEqual([{ type: 'engine.lost', reason: 'it has not answered for 30 s (5 pings)', lines: ['last words'] }]);
    expect(watched.lost).toMatchObject([{ exitCode: 3, reason: 'the container engine went away during the run: it has not answered for 30 s (5 pings)' }]);
    expect(watched.doubts()).toBe(1);
    expect(watched.ended()).toBe(true);
    expect(watched.listeners.size).toBe(0);
  });

  it('is asked once in six seconds', async () => {
    const watched = watch();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(watched.pings()).toBe(11);
  });

  it('is no news where it is not needed any more', async () => {
    const watched = watch({ answers: () => false, unexpected: () => false });
    watched.tell({ state: 'away', lossMs: 10_000 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([watched.bodies, watched.lost]).toEqual([[], []]);
  });
});

it('an absence is told once, by a lane that still needs the engine', () => {
  const lanes = [watch({ unexpected: () => false }), watch(), watch()];
  const absences: EngineAbsence[] = [
    { state: 'away', lossMs: 10_000 },
    { state: 'back', awayMs: 3_240 },
    { state: 'away', lossMs: 10_000 },
  ];
  for (const absence of absences) {
    for (const lane of lanes) lane.tell(absence);
  }
  expect(lanes.map(({ bodies }) => bodies.length)).toEqual([0, 3, 0]);
  for (const { abort } of lanes) abort.abort();
});

it('an engine’s absence and its return are told, each in a line', async () => {
  const watched = watch();
  watched.tell({ state: 'away', lossMs: 10_000 });
  watched.tell({ state: 'back', awayMs: 3_240 });
  expect(watched.bodies.map((body) => body.type === 'note.reported' && `${body.level}: ${body.message}`)).toEqual([
    'warning: the container engine broke off its connections and does not answer; it counts as gone after 10 s',
    'warning: the container engine was away for 3.2 s and is back',
  ]);
  watched.abort.abort();
  await vi.advanceTimersByTimeAsync(0);
  expect(watched.listeners.size).toBe(0);
  expect(watched.lost).toEqual([]);
});

describe('work that needs the engine', () => {
  const endless = ({ signal }: { signal: AbortSignal }) => new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const mute = {
    ping: ({ timeoutMs }: { timeoutMs: number }) => new Promise<boolean>((resolve) => setTimeout(() => resolve(false), timeoutMs)),
    doubt: () => {},
  };

  it('is cut off where the engine answers no ping for the time of a call', async () => {
    const working = whileEngineAnswers(mute, new FakeContext(), endless);
    const failed = expect(working).rejects.toMatchObject({
      exitCode: 3,
      message: 'the container engine has not answered for 30 s (5 pings)',
      hint: expect.stringContaining('--engine-timeout'),
    });
    await vi.advanceTimersByTimeAsync(37_000);
    await failed;
  });

  it('takes all the time that it needs while the engine answers, and is not watched afterwards', async () => {
    let pings = 0;
    const ping = async () => {
      pings += 1;
      return true;
    };
    const working = whileEngineAnswers({ ...mute, ping }, new FakeContext(), () => new Promise((resolve) => setTimeout(() => resolve('built'), 600_000)));
    await vi.advanceTimersByTimeAsync(600_000);
    expect(await working).toBe('built');
    const before = pings;
    expect(before).toBeGreaterThan(90);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(pings).toBe(before);
  });

  it('ends by its own signal as before', async () => {
    const context = new FakeContext();
    const working = whileEngineAnswers(mute, context, endless);
    context.abort();
    await expect(working).rejects.toMatchObject({ name: 'AbortError' });
  });
});
