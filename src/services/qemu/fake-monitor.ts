import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { fakeFolder } from '../fake-folder.ts';

export const greeting = '{"QMP": {"version": {}, "capabilities": []}}\r\n';

/** What came in on one line: a QMP command. */
export interface Asked {
  readonly execute: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly id: string;
}

export const accepted = ({ id }: Pick<Asked, 'id'>) => `{"return": {}, "id": "${id}"}\r\n`;
export const refused = ({ id }: Pick<Asked, 'id'>, why: string) => `{"error": {"class": "GenericError", "desc": "${why}"}, "id": "${id}"}\r\n`;
export const event = (name: string, data: object = {}) => `${JSON.stringify({ event: name, data, timestamp: { seconds: 0, microseconds: 0 } })}\r\n`;

/** Servers on Unix sockets that speak a line-wise protocol as QEMU's do. */
export class FakeMonitors {
  readonly #dir = fakeFolder();
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  #count = 0;
  /** Commands of all monitors, in order, without the negotiation. */
  readonly asked: Asked[] = [];

  path(): string {
    return join(this.#dir, `${++this.#count}.sock`);
  }

  /** Listens; `onLine` gives what is written in answer. */
  async listen(onLine: (line: string, socket: Socket) => string, hello = ''): Promise<string> {
    const path = this.path();
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.write(hello);
      socket.on('data', (data) => {
        for (const line of String(data).trim().split('\n')) socket.write(onLine(line, socket));
      });
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return path;
  }

  /** A monitor that answers commands; what `answer` gives is written as it is. */
  monitor(answer: (asked: Asked, socket: Socket) => string, hello = greeting): Promise<string> {
    return this.listen((line, socket) => {
      const asked = JSON.parse(line) as Asked;
      if (asked.execute === 'qmp_capabilities') return accepted(asked);
      this.asked.push(asked);
      return answer(asked, socket);
    }, hello);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers.splice(0)) server.close();
  }
}
