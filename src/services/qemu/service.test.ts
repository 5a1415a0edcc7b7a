import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fakeFolder } from '../fake-folder.ts';
import { QemuVmService } from './service.ts';

const vms = new QemuVmService({ processes: { startTime: async () => null }, reapDeadlineMs: 100 });

it('keeps the socket of a VM that does not answer: there is no other way to it', async () => {
  const socket = join(fakeFolder(), 'qmp.sock');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  expect(await vms.reap(socket)).toBe(false);
  expect(existsSync(socket)).toBe(true);
  await new Promise((resolve) => server.close(resolve));
});

it('removes one that is nobody’s', async () => {
  const socket = join(fakeFolder(), 'qmp.sock');
  const server = createServer((connection) => connection.end('who is there?\n'));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  expect(await vms.reap(socket)).toBe(false);
  expect(existsSync(socket)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
});
