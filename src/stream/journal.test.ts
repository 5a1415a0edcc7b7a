import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../model/events.ts';
import { Journal } from './journal.ts';

const clock = (times: number[]) => {
  let last = 0;
  const monotonicMs = () => {
    last = times.shift() ?? last;
    return last;
  };
  return { now: () => new Date(Date.UTC(2026, 0, 2, 3, 4, 5) + last), monotonicMs };
};

describe('Journal', () => {
  it('stamps events with run, lane and both clocks', () => {
    const journal = new Journal('run-1', { clock: clock([1_000, 1_000.4, 2_500.6]) });
    expect(journal.record({ type: 'vm.ready' })).toEqual({ type: 'vm.ready', runId: 'run-1', lane: 0, time: '2026-01-02T03:04:06.000Z', atMs: 0 });
    expect(journal.record({ type: 'vm.ready' }, 2)).toMatchObject({ lane: 2, atMs: 1_501 });
  });

  it('hands every event to every listener, in order, until it is told not to', () => {
    const journal = new Journal('run');
    const [first, second]: [RunEvent[], RunEvent[]] = [[], []];
    const forget = journal.subscribe((event) => first.push(event));
    journal.subscribe((event) => second.push(event));
    const events = [journal.record({ type: 'vm.ready' }), journal.record({ type: 'server.ready' })];
    forget();
    events.push(journal.record({ type: 'vm.ready' }));
    expect(first).toEqual(events.slice(0, 2));
    expect(second).toEqual(events);
  });

  it('drops a listener that throws, says so once, and goes on', () => {
    const errors: unknown[] = [];
    const journal = new Journal('run', { onListenerError: (error) => errors.push(error) });
    const seen: string[] = [];
    journal.subscribe(() => {
      throw new Error('broken');
    });
    journal.subscribe(({ type }) => seen.push(type));
    journal.record({ type: 'vm.ready' });
    journal.record({ type: 'server.ready' });
    expect(seen).toEqual(['vm.ready', 'server.ready']);
    expect(errors).toEqual([new Error('broken')]);
  });
});
