import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { describeHolder, parseListeners, parseLsof } from './port-holder.ts';
import { findFreePort, isPortFree, portHolder } from './ports.ts';

const servers: Server[] = [];

async function listen(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

test.each(['127.0.0.1', '0.0.0.0'])('a listener on %s takes the port and is named', async (host) => {
  const port = await listen(host);
  expect(await isPortFree(port)).toBe(false);
  expect(await portHolder(port)).toContain(`(pid ${process.pid})`);
});

test('a closed port is free and held by nobody', async () => {
  const port = await listen('127.0.0.1');
  const server = servers.splice(0)[0];
  server?.close();
  await once(server as Server, 'close');
  expect(await isPortFree(port)).toBe(true);
  expect(await portHolder(port)).toBeNull();
});

test('the next port is taken where the first is not free or promised away', async () => {
  const taken = await listen('127.0.0.1');
  const found = await findFreePort({ from: taken, avoid: [taken + 1] });
  expect([taken, taken + 1]).not.toContain(found);
  expect(await isPortFree(found)).toBe(true);
});

test('the system chooses where no following port is free', async () => {
  const taken = await listen('127.0.0.1');
  const found = await findFreePort({ from: taken, attempts: 1 });
  expect(found).not.toBe(taken);
  expect(found).toBeGreaterThan(0);
});

test('reads the listeners of /proc/net/tcp6', () => {
  const text = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 00000000000000000000000001000000:0FA0 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1',
    '   1: 0100007F:0FA0 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 999 1',
  ].join('\n');
  expect(parseListeners(text)).toEqual([{ port: 4000, uid: 1000, inode: '12345' }]);
});

test("lsof's fields and a container's port are put into words", () => {
  expect(parseLsof('p77\ncqemu-system-x86_64\nf3\n')).toBe('qemu-system-x86_64 (pid 77)');
  expect(parseLsof('')).toBeNull();
  expect(describeHolder('docker-proxy', 9)).toBe("docker-proxy (pid 9), a container's published port");
});
