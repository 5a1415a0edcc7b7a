import { describe, expect, it } from 'vitest';
import { isRunEvent } from './event-shape.ts';
import { describeLossEvent, isWarning, type LossEvent } from './loss-events.ts';
import { emptyRunState, reduce } from './run-state.ts';

const lines = ['the last line'];
const stamp = { runId: 'r', lane: 0, time: '2026-01-01T00:00:00.000Z', atMs: 1 };
const blocked = ['dd[347] in rpc_wait_bit_killable'];

const cases: readonly (readonly [LossEvent, string, boolean])[] = [
  [{ type: 'server.unresponsive', missedCount: 5, silentMs: 23_995, lines }, 'the server has not answered for 24 s (5 NULL calls)', false],
  [{ type: 'vm.faulted', fault: 'panic', message: 'Kernel panic - not syncing: x', lines }, 'the client’s kernel: Kernel panic - not syncing: x', false],
  [{ type: 'vm.faulted', fault: 'server-silent', message: 'nfs: server x not responding', lines }, 'the client’s kernel: nfs: server x not responding', true],
  [{ type: 'client.disconnected', reason: 'it was closed', lines }, 'the connection to the client VM broke off: it was closed', false],
  [{ type: 'engine.lost', reason: 'it ended', lines }, 'the container engine does not answer any more: it ended', false],
  [
    { type: 'hang.diagnosed', reason: 'silence', file: 'hang.txt', blocked, pendingCalls: ['nfsv3 ACCESS'] },
    'hang: blocked: dd[347] in rpc_wait_bit_killable; no answer to nfsv3 ACCESS (hang.txt in the run’s folder)',
    true,
  ],
  [
    { type: 'hang.diagnosed', reason: 'silence', file: 'hang.txt', blocked: [], pendingCalls: [] },
    'hang: no task is blocked (hang.txt in the run’s folder)',
    true,
  ],
  [{ type: 'lane.replaced', attempt: 1, reason: 'the client VM ended' }, 'server and client were put up anew (attempt 1) after: the client VM ended', true],
];

describe.each(cases)('%j', (event, text, warning) => {
  it('is told, kept and read back', () => {
    expect(describeLossEvent(event)).toBe(text);
    expect(isWarning(event)).toBe(warning);
    const stamped = { ...event, ...stamp };
    expect(isRunEvent(JSON.parse(JSON.stringify(stamped)))).toBe(true);
    expect(reduce(emptyRunState, stamped).notes).toEqual([{ level: 'warning', message: text }]);
  });

  it('is no event without its fields', () => {
    for (const name of Object.keys(event)) {
      if (name === 'type') continue;
      const { [name as keyof typeof event]: _, ...rest } = { ...event, ...stamp } as Record<string, unknown>;
      expect(isRunEvent(rest), name).toBe(false);
    }
  });
});
