import { expect, it } from 'vitest';
import { SessionLogs } from './session-logs.ts';

it('keeps the logs of each lane apart, over the runs of a session', () => {
  const logs = new SessionLogs();
  const second = logs.buffer('server', 1);
  logs.push('server', 0, 'first lane', '/runs/a');
  logs.push('server', 1, 'second lane', '/runs/a');
  logs.push('server', 1, 'second run', '/runs/b');
  expect(logs.buffer('server', 0).tail(9)).toEqual(['first lane']);
  expect(second.tail(9)).toEqual(['second lane', 'second run']);
  expect(logs.buffer('suite', 1).tail(9)).toEqual([]);
});

it('knows in which run’s folder a log was last written', () => {
  const logs = new SessionLogs();
  expect(logs.file('vm', 1, null)).toBeNull();
  expect(logs.file('vm', 1, '/runs/a')).toBe('/runs/a/vm.lane-2.log');
  logs.push('vm', 1, 'boots', '/runs/a');
  logs.push('vm', 0, 'boots', '/runs/b');
  expect(logs.file('vm', 1, '/runs/c')).toBe('/runs/a/vm.lane-2.log');
  expect(logs.file('vm', 0, '/runs/c')).toBe('/runs/b/vm.log');
});
