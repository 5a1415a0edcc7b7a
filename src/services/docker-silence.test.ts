import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { DockerEngineService } from './docker.ts';

let server: Server | undefined;
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server?.close();
});

const inspected = (running: boolean) => ({
  Id: 'c1',
  Name: '/ganesha-server',
  RestartCount: 0,
  State: { Status: running ? 'running' : 'exited', Running: running, ExitCode: running ? 0 : 137, OOMKilled: !running, StartedAt: '' },
});

/** An engine that answers paths by what `answers` gives: JSON, `silence`, or `break` (the connection). */
async function engine(answers: (path: string) => object | 'silence' | 'break', patience = {}) {
  server = createServer((request, response) => {
    const answer = answers(request.url ?? '');
    if (answer === 'break') request.socket.destroy();
    else if (answer !== 'silence') response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return new DockerEngineService(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, { callMs: 100, lossMs: 300, ...patience });
}

describe('an engine that hangs', () => {
  it('is given up after a while, call by call', async () => {
    const { describe: ask, ...rest } = await engine(() => 'silence').then((service) => ({
      describe: () => service.describe(),
      inspect: () => service.inspectImage('ganesha:latest'),
      list: () => service.listContainers('label'),
      attach: () => service.attachContainer('c1'),
      remove: () => service.removeImage('ganesha:latest'),
      images: () => service.listImages({ label: 'x' }),
    }));
    await expect(ask()).rejects.toMatchObject({
      exitCode: 3,
      message: 'the container engine could not ask for its version: no answer within 0.1 s',
      hint: expect.stringContaining('--engine-timeout'),
    });
    // Whoever comes later does not wait for the same silence once more, if no ping is answered either.
    for (const call of Object.values(rest)) {
      await expect(call()).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(/^the container engine could not .*: it does not answer any more$/),
        hint: expect.stringContaining('doctor'),
      });
    }
  });

  it('is not waited for by a call of its own where whoever watches it has waited already', async () => {
    const service = await engine(() => 'silence', { callMs: 10_000 });
    service.doubt();
    const began = performance.now();
    await expect(service.listContainers('label')).rejects.toThrow(/does not answer any more/);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('is asked again when it answers a ping', async () => {
    let isBack = false;
    const service = await engine((path) => (isBack ? (path.includes('/_ping') ? {} : []) : 'silence'));
    await expect(service.listContainers('label')).rejects.toThrow(/no answer within 0.1 s/);
    await expect(service.listContainers('label')).rejects.toThrow(/does not answer any more/);
    isBack = true;
    expect(await service.listContainers('label')).toEqual([]);
  });

  it('keeps nobody from the end of a container that it can’t remove', async () => {
    const service = await engine((path) => (path.endsWith('/json') ? inspected(true) : 'silence'));
    const container = await service.attachContainer('c1');
    await expect(container?.remove({ graceMs: 0 })).rejects.toMatchObject({ message: expect.stringContaining('no answer within 0.1 s') });
  });
});

describe('an engine that goes away', () => {
  it('and stays away: the container’s end is unknown', async () => {
    let gone = false;
    const service = await engine((path) => (gone || path.includes('/wait') ? 'break' : inspected(true)));
    const container = await service.attachContainer('c1');
    gone = true;
    expect(await container?.exited).toMatchObject({ status: 'unknown', exitCode: null });
  });

  it('and comes back: the container goes on, and its end is told', async () => {
    let waits = 0;
    let running = true;
    const service = await engine((path) => {
      if (!path.includes('/wait')) return inspected(running);
      waits += 1;
      if (waits < 2) return 'break';
      running = false;
      return { StatusCode: 137 };
    });
    const container = await service.attachContainer('c1');
    expect(await container?.exited).toMatchObject({ status: 'exited', exitCode: 137, outOfMemory: true });
    expect(waits).toBe(2);
  });
});
