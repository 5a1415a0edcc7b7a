import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LogBuffer } from './ring-buffer.ts';

describe('LogBuffer', () => {
  it('keeps the last lines and their numbers', () => {
    const buffer = new LogBuffer({ capacity: 10 });
    for (let line = 1; line <= 1_000; line++) buffer.push(`line ${line}`);
    const { lines, firstNumber } = buffer.getSnapshot();
    expect(lines.length).toBeGreaterThanOrEqual(10);
    expect(lines.length).toBeLessThanOrEqual(11);
    expect(lines[0]).toBe(`line ${firstNumber}`);
    expect(lines.at(-1)).toBe('line 1000');
    expect(buffer.tail(2)).toEqual(['line 999', 'line 1000']);
    expect(buffer.tail(0)).toEqual([]);
  });

  it('gives the same snapshot until something is added', () => {
    const buffer = new LogBuffer({ capacity: 10 });
    buffer.push('a');
    const before = buffer.getSnapshot();
    expect(buffer.getSnapshot()).toBe(before);
    buffer.push('b');
    expect(before.lines).toEqual(['a']);
    expect(buffer.getSnapshot()).toEqual({ lines: ['a', 'b'], firstNumber: 1 });
  });

  it('tells its listeners at most once per interval, and also of the last line', async () => {
    const buffer = new LogBuffer({ notifyEveryMs: 20 });
    const seen: (string | undefined)[] = [];
    const forget = buffer.subscribe(() => seen.push(buffer.getSnapshot().lines.at(-1)));
    for (let line = 1; line <= 500; line++) buffer.push(`${line}`);
    expect(seen).toEqual([]);
    await sleep(40);
    expect(seen).toEqual(['500']);
    forget();
    buffer.push('unheard');
    await sleep(40);
    expect(seen).toEqual(['500']);
  });
});
