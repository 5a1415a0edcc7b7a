import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultLab } from './lab.ts';

/** A socket between the program and the engine, that can be cut. */
export class EngineProxy {
  readonly #path: string;
  readonly #target: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #mute = false;

  private constructor(path: string, target: string) {
    this.#path = path;
    this.#target = target;
  }

  static async open(lab: FaultLab, { mute = false } = {}): Promise<EngineProxy> {
    const proxy = new EngineProxy(join(tmpdir(), `faults-engine-${process.pid}-${lab.nfsPort}.sock`), lab.engineSocket);
    proxy.#mute = mute;
    await proxy.listen();
    lab.afterwards(() => proxy.close());
    return proxy;
  }

  /** For the program. */
  get env(): Record<string, string> {
    return { DOCKER_HOST: `unix://${this.#path}` };
  }

  async listen(): Promise<void> {
    await rm(this.#path, { force: true });
    const server = createServer({ allowHalfOpen: true }, (client) => this.#serve(client));
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.#path, resolve));
    this.#server = server;
  }

  #serve(client: Socket): void {
    this.#sockets.add(client);
    client.on('error', () => client.destroy()).on('close', () => this.#sockets.delete(client));
    if (this.#mute) return;
    const engine = connect({ path: this.#target, allowHalfOpen: true });
    this.#sockets.add(engine);
    engine.on('error', () => client.destroy()).on('close', () => this.#sockets.delete(engine));
    client.pipe(engine);
    engine.pipe(client);
    client.on('close', () => engine.destroy());
    engine.on('close', () => client.destroy());
  }

  /** Takes away every connection; with `close` also the socket. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** From now on nothing passes, and nothing is closed. */
  silence(): void {
    this.#mute = true;
    for (const socket of this.#sockets) socket.pause().unpipe();
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.cut();
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
    await rm(this.#path, { force: true });
  }
}
