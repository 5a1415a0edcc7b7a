import type { WriteStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GatheredWriter } from './gathered-writer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function opened() {
  const stream = new PassThrough();
  const pieces: string[] = [];
  stream.on('data', (chunk) => pieces.push(String(chunk)));
  return { writer: new GatheredWriter(stream as unknown as WriteStream), pieces };
}

it('what comes within a tenth of a second goes out in one piece, in its order', () => {
  const { writer, pieces } = opened();
  writer.write('a\n');
  vi.advanceTimersByTime(60);
  writer.write('b\n');
  expect(pieces).toEqual([]);
  vi.advanceTimersByTime(40);
  expect(pieces).toEqual(['a\nb\n']);
  writer.write('c\n');
  vi.advanceTimersByTime(100);
  expect(pieces).toEqual(['a\nb\n', 'c\n']);
});

it('much of it does not wait', () => {
  const { writer, pieces } = opened();
  writer.write('x'.repeat(70_000));
  expect(pieces.join('')).toHaveLength(70_000);
  vi.advanceTimersByTime(1_000);
  expect(pieces.join('')).toHaveLength(70_000);
});

it('flush waits until the stream has taken all, or has failed', async () => {
  const { writer, pieces } = opened();
  writer.write('now\n');
  await writer.flush();
  expect(pieces.join('')).toBe('now\n');
  expect(vi.getTimerCount()).toBe(0);
  writer.stream.on('error', () => {});
  writer.stream.destroy(new Error('full'));
  await writer.flush();
  writer.end();
  await writer.flush();
});

it('the end takes what was gathered, and leaves no timer', () => {
  const { writer, pieces } = opened();
  writer.write('last\n');
  writer.end();
  expect(pieces).toEqual(['last\n']);
  expect(writer.ended).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
