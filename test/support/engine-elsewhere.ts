import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveEngine } from '../../src/host/engine-socket.ts';

export interface EngineElsewhere {
  /** For DOCKER_HOST. */
  readonly host: string;
  close(): Promise<void>;
}

/** The real engine behind a socket of its own, which says another host's name: what runs in a VM or on another machine looks like that. */
export async function openEngineElsewhere(): Promise<EngineElsewhere> {
  const dir = await mkdtemp(join(tmpdir(), 'nfstest-tui-engine-'));
  const target = new URL((await resolveEngine()).engine?.host ?? '').pathname;
  // As long as the true one: the answer's length was told before.
  const [own, other] = [`"Name":"${hostname()}"`, `"Name":"${'x'.repeat(hostname().length)}"`];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const engine = connect({ path: target, allowHalfOpen: true });
    for (const [socket, peer] of [
      [client, engine],
      [engine, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => peer.destroy()).on('close', () => peer.destroy());
    }
    client.pipe(engine);
    engine.on('data', (chunk) => client.write(Buffer.from(chunk.toString('latin1').replaceAll(own, other), 'latin1'))).on('end', () => client.end());
  });
  const path = join(dir, 'engine.sock');
  await once(server.listen(path), 'listening');
  return {
    host: `unix://${path}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), 'close');
      await rm(dir, { recursive: true });
    },
  };
}
