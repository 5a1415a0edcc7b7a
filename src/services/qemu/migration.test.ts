import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnvironmentError } from '../../model/errors.ts';
import { never } from '../fake-signals.ts';
import { type Asked, accepted, event, FakeMonitors, refused } from './fake-monitor.ts';
import { restoreState, saveState } from './migration.ts';

let monitors: FakeMonitors;
beforeEach(() => {
  monitors = new FakeMonitors();
});
afterEach(() => monitors.close());

/** A QEMU that migrates: its statuses come as events, some of them before the command's answer. */
const migrates =
  (...statuses: string[]) =>
  (asked: Asked) =>
    asked.execute.startsWith('migrate') && asked.execute !== 'migrate-set-capabilities'
      ? event('MIGRATION', { status: 'setup' }) + accepted(asked) + statuses.map((status) => event('MIGRATION', { status })).join('')
      : accepted(asked);

const commands = () => monitors.asked.map(({ execute }) => execute);

describe('saveState', () => {
  it('halts the guest, leaves its memory out, and waits for the end', async () => {
    await saveState(await monitors.monitor(migrates('active', 'completed')), "/vm/it's.state", never.signal);
    expect(commands()).toEqual(['stop', 'migrate-set-capabilities', 'migrate']);
    expect(monitors.asked.at(-2)?.arguments).toEqual({
      capabilities: [
        { capability: 'events', state: true },
        { capability: 'x-ignore-shared', state: true },
      ],
    });
    expect(monitors.asked.at(-1)?.arguments).toEqual({ uri: `exec:cat > '/vm/it'\\''s.state'` });
  });

  it.each<[string, (asked: Asked, socket: Socket) => string, RegExp]>([
    ['the migration fails', migrates('active', 'failed'), /^the client VM could not be saved: the migration failed$/],
    ['a capability is not known', (asked) => (asked.execute === 'stop' ? accepted(asked) : refused(asked, 'invalid parameter')), /QMP: invalid parameter$/],
    ['QEMU ends', (asked, socket) => (asked.execute === 'migrate' ? String(socket.destroy() && '') : accepted(asked)), /the connection was closed$/],
    [
      'QEMU ends after its answer',
      (asked, socket) => {
        if (asked.execute === 'migrate') setTimeout(() => socket.destroy(), 10);
        return accepted(asked);
      },
      /the connection was closed$/,
    ],
  ])('%s', async (_, answer, message) => {
    const error = await saveState(await monitors.monitor(answer), '/vm/state', never.signal).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error).toMatchObject({ exitCode: 3, message: expect.stringMatching(message), hint: expect.stringMatching(/--cold/) });
  });

  it('nobody listens', async () => {
    await expect(saveState(monitors.path(), '/vm/state', never.signal)).rejects.toThrow(/^the client VM could not be saved: .*ENOENT/);
  });

  it('is cut off by the signal, with the signal’s reason', async () => {
    const reason = new Error('interrupted');
    const controller = new AbortController();
    const saving = saveState(await monitors.monitor(migrates('active')), '/vm/state', controller.signal);
    await expect.poll(commands).toContain('migrate');
    controller.abort(reason);
    await expect(saving).rejects.toBe(reason);
    await expect(saveState('/nobody', '/vm/state', controller.signal)).rejects.toBe(reason);
  });
});

describe('restoreState', () => {
  it('brings the state in and lets the guest go on, in that order', async () => {
    await restoreState(await monitors.monitor(migrates('active', 'completed')), '/vm/state', never.signal);
    expect(commands()).toEqual(['migrate-set-capabilities', 'migrate-incoming', 'cont']);
    expect(monitors.asked[1]?.arguments).toEqual({ uri: `exec:cat /vm/state` });
  });

  it('a state that QEMU refuses: the guest does not go on', async () => {
    await expect(restoreState(await monitors.monitor(migrates('failed')), '/vm/state', never.signal)).rejects.toMatchObject({
      message: 'the saved client VM could not be restored: the migration failed',
      hint: expect.stringMatching(/--cold/),
    });
    expect(commands()).not.toContain('cont');
  });

  it('QEMU ends over a state that is cut off', async () => {
    const dies = (asked: Asked, socket: Socket) => (asked.execute === 'migrate-incoming' ? String(socket.destroy() && '') : accepted(asked));
    await expect(restoreState(await monitors.monitor(dies), '/vm/state', never.signal)).rejects.toThrow(
      /could not be restored: QMP: the connection was closed$/,
    );
  });
});
