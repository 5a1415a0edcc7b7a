import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { commandLineOf, isSameProcess, parseProcStat, processStartTime } from './process.ts';

test('a command name with spaces and parentheses does not shift the fields', () => {
  const numbers = Array.from({ length: 30 }, (_, index) => 4 + index).join(' ');
  expect(parseProcStat(`42 (a) S 1 (b c) R ${numbers}\n`)).toEqual({ state: 'R', startTicks: '22' });
  expect(parseProcStat('')).toBeNull();
  expect(parseProcStat('42 (x) S 1 2')).toBeNull();
});

test('a process is recognised while it runs and gone after', async () => {
  const child = spawn('sleep', ['30']);
  try {
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    const startTime = await processStartTime(pid);
    expect(startTime).not.toBeNull();
    expect(await isSameProcess({ pid, startTime: startTime ?? '' })).toBe(true);
    expect(await commandLineOf(pid)).toBe('sleep 30');
    // The same pid with another start time is another process.
    expect(await isSameProcess({ pid, startTime: 'earlier' })).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await processStartTime(pid)).toBeNull();
    expect(await isSameProcess({ pid, startTime: startTime ?? '' })).toBe(false);
    expect(await commandLineOf(pid)).toBeNull();
  } finally {
    child.kill('SIGKILL');
  }
});

test('what can be no pid is no process', async () => {
  for (const pid of [0, -1, 1.5, Number.NaN]) expect(await processStartTime(pid)).toBeNull();
  expect(await isSameProcess({ pid: process.pid, startTime: '' })).toBe(false);
});
