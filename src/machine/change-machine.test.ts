import { expect, it } from 'vitest';
import { createActor, fromPromise, SimulatedClock } from 'xstate';
import { type ChangeEmitted, changeMachine } from './change-machine.ts';

/** A machine over sources whose fingerprint a test sets; nothing happens but by the clock. */
function watchSources() {
  const clock = new SimulatedClock();
  const sources = { fingerprint: 'v1' as string | Error, comparisons: 0, gate: Promise.resolve() };
  const fingerprint = fromPromise<string>(async () => {
    sources.comparisons += 1;
    await sources.gate;
    if (sources.fingerprint instanceof Error) throw sources.fingerprint;
    return sources.fingerprint;
  });
  const actor = createActor(changeMachine.provide({ actors: { fingerprint } }), {
    clock,
    input: { fingerprint: 'v1', quietMs: 200, patienceMs: 2_000 },
  });
  const emitted: ChangeEmitted[] = [];
  actor.on('*', (event) => emitted.push(event));
  actor.start();
  const state = () => actor.getSnapshot().value;
  /** A file is written at the clock's time. */
  const write = (path: string, content: string | Error = sources.fingerprint) => {
    sources.fingerprint = content;
    actor.send({ type: 'file.changed', path, atMs: clock.now() });
  };
  const compared = () => expect.poll(() => state() !== 'comparing').toBe(true);
  return { clock, sources, emitted, write, compared, state };
}

it('waits until changes are over and tells them once', async () => {
  const { clock, emitted, write, compared, sources } = watchSources();
  clock.increment(1_000);
  for (const [path, content] of [
    ['a.c', 'v2'],
    ['b.c', 'v3'],
    ['a.c', 'v4'],
  ] as const) {
    write(path, content);
    clock.increment(199);
    expect(sources.comparisons).toBe(0);
  }
  clock.increment(1);
  await compared();
  expect(emitted).toEqual([{ type: 'changed', paths: ['a.c', 'b.c'], sinceMs: 1_000 }]);
  clock.increment(10_000);
  expect(sources.comparisons).toBe(1);
});

it('loses patience with what never becomes quiet', async () => {
  const { clock, emitted, write, compared, sources } = watchSources();
  for (let writes = 0; writes < 20; writes += 1) {
    write('log', `v${writes + 2}`);
    clock.increment(100);
  }
  await compared();
  expect(sources.comparisons).toBe(1);
  expect(emitted).toMatchObject([{ type: 'changed', paths: ['log'], sinceMs: 0 }]);
});

it('a save without a change of content is none', async () => {
  const { clock, emitted, write, compared } = watchSources();
  write('a.c');
  clock.increment(200);
  await compared();
  expect(emitted).toEqual([{ type: 'unchanged', paths: ['a.c'] }]);
  // Back to what was taken last: none either.
  write('a.c', 'v2');
  write('a.c', 'v1');
  clock.increment(200);
  await compared();
  expect(emitted.at(-1)).toEqual({ type: 'unchanged', paths: ['a.c'] });
});

it('what comes during a comparison is compared once more', async () => {
  const { clock, emitted, write, compared, sources, state } = watchSources();
  const gate = Promise.withResolvers<void>();
  sources.gate = gate.promise;
  write('a.c', 'v2');
  clock.increment(200);
  expect(state()).toBe('comparing');
  write('b.c');
  gate.resolve();
  await compared();
  expect(state()).toEqual({ settling: 'counting' });
  expect(emitted).toEqual([{ type: 'changed', paths: ['a.c', 'b.c'], sinceMs: 0 }]);
  sources.fingerprint = 'v3';
  clock.increment(200);
  await compared();
  expect(emitted).toHaveLength(2);
  expect(emitted[1]).toMatchObject({ type: 'changed' });
});

it('sources that can’t be read wait for the next change', async () => {
  const { clock, emitted, write, compared } = watchSources();
  write('a.c', new Error('ENOENT: a.c'));
  clock.increment(200);
  await compared();
  expect(emitted).toEqual([{ type: 'unreadable', message: 'ENOENT: a.c' }]);
  write('b.c', 'v2');
  clock.increment(200);
  await compared();
  expect(emitted.at(-1)).toEqual({ type: 'changed', paths: ['a.c', 'b.c'], sinceMs: 0 });
});
