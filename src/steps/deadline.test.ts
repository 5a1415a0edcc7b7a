import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EnvironmentError } from '../model/errors.ts';
import { inPhase, progressOf } from './context.ts';
import { DeadlineError, withDeadline } from './deadline.ts';
import { FakeContext } from './fake-context.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const deadline = { what: 'the download', ms: 60_000, flag: '--download-timeout' };
const untilCut = (signal: AbortSignal) => new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('withDeadline', () => {
  it('gives what comes in time, and leaves no timer', async () => {
    expect(await withDeadline(new FakeContext(), deadline, async () => 7)).toBe(7);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('says what was awaited, how long, and what was seen last', async () => {
    const context = new FakeContext();
    const ended = withDeadline(context, deadline, async (timed) => {
      progressOf(timed, 'vm-image')('downloaded 3 MiB');
      timed.log('build', 'one\n\u001b[31mtwo\u001b[0m\n\n');
      await untilCut(timed.signal);
    }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await ended).toMatchObject({
      exitCode: 3,
      message: 'the download took longer than 60 s; last seen: two',
      hint: 'see the logs in the run’s folder, or give it more time with --download-timeout',
    });
    expect(context.bodies).toHaveLength(1);
  });

  it('waits for work that tidies up', async () => {
    let tidied = false;
    const ended = withDeadline(new FakeContext(), deadline, async ({ signal }) => {
      await untilCut(signal).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      tidied = true;
      throw new EnvironmentError('cut off', 'never shown');
    }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(63_000);
    expect(await ended).toBeInstanceOf(DeadlineError);
    expect(tidied).toBe(true);
  });

  it('leaves work behind that does not let go', async () => {
    const ended = withDeadline(new FakeContext(), deadline, () => new Promise<never>(() => {})).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(69_000);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await ended).toMatchObject({ message: 'the download took longer than 60 s; nothing was seen of it' });
  });

  it('a step that was stopped by its machine is no late one', async () => {
    const context = new FakeContext();
    const ended = withDeadline(context, deadline, ({ signal }) => untilCut(signal)).catch((error: unknown) => error);
    context.abort();
    expect(await ended).toMatchObject({ name: 'AbortError' });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a phase', () => {
  it('that takes longer than its deadline has failed', async () => {
    const context = new FakeContext();
    context.deadlines = { ...context.deadlines, buildMs: 5_000 };
    const ended = inPhase(context, 'server-image', ({ signal }) => untilCut(signal)).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await ended).toMatchObject({ exitCode: 3, message: expect.stringContaining('“build server image” took longer than 5 s') });
    expect(context.phases).toEqual([expect.stringContaining('server-image failed: “build server image” took longer than 5 s')]);
  });
});
