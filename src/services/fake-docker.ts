import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { fakeFolder } from './fake-folder.ts';

/** One part of a container's log, with the engine's timestamp. */
export interface LogPart {
  readonly at: string;
  readonly text: string;
  /** 1: output, 2: errors. */
  readonly stream?: 1 | 2;
}

/** As the engine's stream has it. */
export const frameOf = ({ at, text, stream = 1 }: LogPart): Buffer => {
  const content = Buffer.from(`${at} ${text}`);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
};

/** Docker's API on a socket, as far as one running container is watched. It can be cut, closed, and made to hang. */
export class FakeDocker {
  readonly host: string;
  readonly log: LogPart[] = [];
  exitCode: number | null = null;
  /** It takes connections and answers none. */
  isMute = false;
  /** Paths with queries, as they came. */
  readonly asked: string[] = [];
  readonly #path: string;
  readonly #sockets = new Set<Socket>();
  readonly #followers = new Set<ServerResponse>();
  readonly #waiting = new Set<ServerResponse>();
  #server: Server | null = null;

  constructor() {
    this.#path = join(fakeFolder(), 'engine.sock');
    this.host = `unix://${this.#path}`;
  }

  async open(): Promise<void> {
    const server = createServer((request, response) => this.#serve(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.#path, resolve));
    this.#server = server;
  }

  /** Breaks off all connections. */
  cut(): void {
    this.#followers.clear();
    this.#waiting.clear();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** And takes no new ones. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.cut();
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** The container writes. */
  print(part: LogPart): void {
    this.log.push(part);
    for (const follower of this.#followers) follower.write(frameOf(part));
  }

  /** The logs that are followed end in good order, although the container goes on. */
  endLogs(): void {
    for (const follower of this.#followers) follower.end();
    this.#followers.clear();
  }

  /** The container ends. */
  end(exitCode: number): void {
    this.exitCode = exitCode;
    this.endLogs();
    for (const waiting of this.#waiting) waiting.end(`{"StatusCode":${exitCode}}`);
    this.#waiting.clear();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://engine');
    this.asked.push(url.pathname + url.search);
    if (this.isMute) return;
    if (url.pathname.endsWith('/_ping')) response.end('OK');
    else if (url.pathname.endsWith('/wait')) this.#wait(response);
    else if (url.pathname.endsWith('/logs')) this.#follow(Number(url.searchParams.get('since')), response);
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(this.#inspected()));
  }

  /** As Docker does it: the answer begins at once, and its body comes at the container's end. */
  #wait(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    if (this.exitCode === null) this.#waiting.add(response);
    else response.end(`{"StatusCode":${this.exitCode}}`);
  }

  #follow(sinceS: number, response: ServerResponse): void {
    response.writeHead(200).flushHeaders();
    for (const part of this.log) if (Date.parse(part.at) >= sinceS * 1000) response.write(frameOf(part));
    if (this.exitCode === null) this.#followers.add(response);
    else response.end();
  }

  #inspected(): object {
    const [Running, ExitCode] = [this.exitCode === null, this.exitCode ?? 0];
    const State = { Status: Running ? 'running' : 'exited', Running, ExitCode, OOMKilled: false, StartedAt: '' };
    return { Id: 'c1', Name: '/ganesha-server', RestartCount: 0, State };
  }
}
