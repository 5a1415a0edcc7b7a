import { beforeEach, expect, it } from 'vitest';
import { UserError } from '../model/errors.ts';
import type { ChangeListener } from './source-changes.ts';
import { WatchSwitch } from './watch-switch.ts';

let log: string[];
let listeners: ChangeListener[];
let failure: Error | null;
beforeEach(() => {
  [log, listeners, failure] = [[], [], null];
});

const make = () =>
  new WatchSwitch({
    open: async (listener) => {
      if (failure) throw failure;
      listeners.push(listener);
      return { folder: '/src', close: async () => void log.push('closed') };
    },
    onChange: ({ names }) => log.push(`change ${names.join(',')}`),
    onWatching: (folder) => log.push(`watching ${folder}`),
    onMessage: (message) => log.push(message),
  });
const change = (...names: string[]) => ({ names, sinceMs: names.length });

it('is switched on and off; changes are taken once, as one', async () => {
  const watch = make();
  watch.toggle(['open']);
  await expect.poll(() => log).toEqual(['watching /src']);
  expect([watch.testcases, watch.hasChange, watch.take()]).toEqual([['open'], false, null]);
  listeners[0]?.onChange(change('a', 'b'));
  listeners[0]?.onChange(change('c'));
  expect(watch.hasChange).toBe(true);
  expect(watch.take()).toEqual({ names: ['a', 'b', 'c'], sinceMs: 1 });
  expect(watch.take()).toBeNull();
  watch.toggle([]);
  await expect.poll(() => log).toEqual(['watching /src', 'change a,b', 'change c', 'watching null', 'closed']);
});

it('forgets changes when it is switched off, and takes none after', async () => {
  const watch = make();
  watch.toggle(['open']);
  listeners[0]?.onChange(change('a'));
  watch.end();
  watch.end();
  listeners[0]?.onChange(change('b'));
  expect(watch.take()).toBeNull();
  await expect.poll(() => log).toEqual(['change a', 'watching null', 'closed']);
  watch.toggle(['read']);
  listeners[1]?.onChange(change('c'));
  expect(watch.take()).toMatchObject({ names: ['c'] });
});

it('says why it can’t watch, and may be tried again', async () => {
  failure = new UserError('there is nothing to watch', 'name a server');
  const watch = make();
  watch.toggle(['open']);
  await expect.poll(() => log).toEqual(['there is nothing to watch']);
  failure = null;
  watch.toggle(['open']);
  await expect.poll(() => log.at(-1)).toBe('watching /src');
});
