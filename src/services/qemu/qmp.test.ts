import { afterEach, describe, expect, it } from 'vitest';
import { type Asked, accepted, event, FakeMonitors, refused } from './fake-monitor.ts';
import { type QmpEvent, QmpSession, qmp } from './qmp.ts';

const monitors = new FakeMonitors();
afterEach(() => monitors.close());

describe('qmp', () => {
  it('negotiates, asks and gives the result, past events in between', async () => {
    const path = await monitors.monitor(({ execute, id }) => `${event('RESUME')}{"return": {"status": "${execute}"}, "id": "${id}"}\r\n`);
    expect(await qmp(path, 'query-status')).toEqual({ status: 'query-status' });
  });

  it('`quit` waits for the end of QEMU', async () => {
    let ended = false;
    const path = await monitors.monitor((asked, socket) => {
      setTimeout(() => {
        ended = true;
        socket.end();
      }, 50);
      return accepted(asked);
    });
    await qmp(path, 'quit');
    expect(ended).toBe(true);
  });

  it('rejects an error, silence, a hang-up, somebody else and nobody', async () => {
    await expect(qmp(await monitors.monitor((asked) => refused(asked, 'not now')), 'stop')).rejects.toThrow('QMP: not now');
    await expect(qmp(await monitors.monitor(() => ''), 'stop', { timeoutMs: 50 })).rejects.toThrow('QMP: no answer to stop within 50 ms');
    await expect(qmp(await monitors.monitor((_, socket) => String(socket.destroy() && '')), 'stop')).rejects.toThrow('QMP: the connection was closed');
    await expect(qmp(await monitors.monitor(() => '', 'SSH-2.0-OpenSSH\r\n'), 'stop')).rejects.toThrow('QMP: somebody else listens there');
    await expect(qmp(await monitors.monitor(() => '', ''), 'stop', { timeoutMs: 50 })).rejects.toThrow('QMP: no greeting within 50 ms');
    await expect(qmp(monitors.path(), 'stop')).rejects.toThrow(/ENOENT/);
  });
});

describe('QmpSession', () => {
  it('tells every event, also those that come before an answer', async () => {
    const session = await QmpSession.open(
      await monitors.monitor(
        (asked) => event('STOP') + event('MIGRATION', { status: 'setup' }) + accepted(asked) + event('MIGRATION', { status: 'completed' }),
      ),
    );
    const events: QmpEvent[] = [];
    session.onEvent((told) => events.push(told));
    await session.execute('migrate', { uri: 'exec:true' });
    await expect
      .poll(() => events)
      .toEqual([
        { name: 'STOP', data: {} },
        { name: 'MIGRATION', data: { status: 'setup' } },
        { name: 'MIGRATION', data: { status: 'completed' } },
      ]);
    session.close();
  });

  it('matches answers to commands by id, whatever their order', async () => {
    const held: Asked[] = [];
    const session = await QmpSession.open(
      await monitors.monitor((asked) => {
        held.push(asked);
        if (held.length < 2) return '';
        return held
          .reverse()
          .map(({ execute, id }) => `{"return": "${execute}", "id": "${id}"}\r\n`)
          .join('');
      }),
    );
    expect(await Promise.all([session.execute('one'), session.execute('two')])).toEqual(['one', 'two']);
    session.close();
  });

  it('an error concerns its command alone', async () => {
    const session = await QmpSession.open(await monitors.monitor((asked) => (asked.execute === 'bad' ? refused(asked, 'no') : accepted(asked))));
    await expect(session.execute('bad')).rejects.toThrow('QMP: no');
    expect(await session.execute('good')).toEqual({});
    session.close();
  });

  it('a connection that breaks rejects what waits and what comes later, and is told once', async () => {
    const session = await QmpSession.open(await monitors.monitor((_, socket) => String(socket.destroy() && '')));
    const told: string[] = [];
    session.onClose(({ message }) => told.push(message));
    await expect(Promise.all([session.execute('one'), session.execute('two')])).rejects.toThrow('QMP: the connection was closed');
    await expect(session.execute('three')).rejects.toThrow('QMP: the connection was closed');
    expect(new Set(told)).toEqual(new Set(['QMP: the connection was closed']));
    session.onClose(({ message }) => told.push(`late: ${message}`));
    expect(told.at(-1)).toBe('late: QMP: the connection was closed');
  });

  it('`close` is no loss', async () => {
    const session = await QmpSession.open(await monitors.monitor(accepted));
    let told = false;
    session.onClose(() => {
      told = true;
    });
    session.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toBe(false);
  });
});
