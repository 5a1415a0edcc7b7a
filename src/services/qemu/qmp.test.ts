import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { fakeFolder } from '../fake-folder.ts';
import { qmp } from './qmp.ts';

const dir = fakeFolder();
const greeting = '{"QMP": {"version": {}, "capabilities": []}}\r\n';
const servers: Server[] = [];
const sockets = new Set<Socket>();
let count = 0;
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** A monitor that answers commands; what `answer` gives is written as it is. */
async function monitor(answer: (command: string, id: string, socket: Socket) => string, hello = greeting): Promise<string> {
  const path = join(dir, `${++count}.sock`);
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.write(hello);
    socket.on('data', (data) => {
      for (const line of String(data).trim().split('\n')) {
        const { execute, id } = JSON.parse(line) as { execute: string; id: string };
        socket.write(execute === 'qmp_capabilities' ? `{"return": {}, "id": "${id}"}\r\n` : answer(execute, id, socket));
      }
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return path;
}

describe('qmp', () => {
  it('negotiates, asks and gives the result, past events in between', async () => {
    const path = await monitor((command, id) => `{"event": "RESUME"}\r\n{"return": {"status": "${command}"}, "id": "${id}"}\r\n`);
    expect(await qmp(path, 'query-status')).toEqual({ status: 'query-status' });
  });

  it('`quit` waits for the end of QEMU', async () => {
    let ended = false;
    const path = await monitor((_, id, socket) => {
      setTimeout(() => {
        ended = true;
        socket.end();
      }, 50);
      return `{"return": {}, "id": "${id}"}\r\n`;
    });
    await qmp(path, 'quit');
    expect(ended).toBe(true);
  });

  it('rejects an error, silence, a hang-up, somebody else and nobody', async () => {
    await expect(qmp(await monitor((_, id) => `{"error": {"class": "X", "desc": "not now"}, "id": "${id}"}\n`), 'stop')).rejects.toThrow('QMP: not now');
    await expect(qmp(await monitor(() => ''), 'stop', { timeoutMs: 50 })).rejects.toThrow('QMP: no answer to stop within 50 ms');
    await expect(qmp(await monitor((_, __, socket) => String(socket.destroy() && '')), 'stop')).rejects.toThrow('QMP: the connection was closed');
    await expect(qmp(await monitor(() => '', 'SSH-2.0-OpenSSH\r\n'), 'stop')).rejects.toThrow('QMP: somebody else listens there');
    await expect(qmp(join(dir, 'nobody.sock'), 'stop')).rejects.toThrow(/ENOENT/);
  });
});
