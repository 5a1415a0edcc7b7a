import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { EnvironmentError } from '../../model/errors.ts';
import { fakeFolder } from '../fake-folder.ts';
import { QemuCapture } from './capture.ts';

interface Request {
  readonly execute: string;
  readonly id: string;
  readonly arguments: { readonly id?: string; readonly file?: string };
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A monitor that knows objects as QEMU does; an added capture has its file at once. */
async function monitor(objects: string[], refuse = ''): Promise<{ path: string; done: string[] }> {
  const path = join(fakeFolder(), 'qmp.sock');
  const done: string[] = [];
  const answer = ({ execute, arguments: { id = '', file } }: Request): object => {
    if (execute === refuse) return { error: { class: 'GenericError', desc: 'no such netdev' } };
    if (execute === 'qom-list') return { return: objects.map((name) => ({ name, type: 'child' })) };
    if (execute === 'object-add') {
      objects.push(id);
      if (file !== undefined) writeFileSync(file, 'header');
    }
    if (execute === 'object-del') {
      if (!objects.includes(id)) return { error: { class: 'GenericError', desc: `object '${id}' not found` } };
      objects.splice(objects.indexOf(id), 1);
    }
    if (execute.startsWith('object')) done.push(`${execute} ${id}`);
    return { return: {} };
  };
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('{"QMP": {}}\n');
    socket.on('data', (data) => {
      for (const line of String(data).trim().split('\n')) {
        const request = JSON.parse(line) as Request;
        socket.write(`${JSON.stringify({ ...answer(request), id: request.id })}\n`);
      }
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { path, done };
}

describe('QemuCapture', () => {
  it('adds a file at a time, and takes the oldest away when there are too many', async () => {
    const objects = ['rng0'];
    const { path, done } = await monitor(objects);
    const capture = await QemuCapture.start(path, { prefix: join(fakeFolder(), 'capture-'), segmentBytes: 10, segments: 2 });
    const [first = ''] = capture.segments();
    for (let count = 1; count <= 3; count++) {
      writeFileSync(capture.segments().at(-1) ?? '', 'more than ten bytes');
      await expect.poll(() => done.filter((entry) => entry.startsWith('object-add'))).toHaveLength(count + 1);
      await expect.poll(() => objects).toHaveLength(2);
    }
    await expect.poll(() => capture.segments()).toHaveLength(2);
    expect(existsSync(first)).toBe(false);
    // The next one is there before the one before is gone.
    expect(done.slice(0, 3)).toEqual(['object-add capture1', 'object-add capture2', 'object-del capture1']);
    const left = capture.segments();
    await capture.stop();
    await capture.stop();
    expect(objects).toEqual(['rng0']);
    expect(left.some((file) => existsSync(file))).toBe(false);
  });

  it('ends what a killed process has left', async () => {
    const objects = ['rng0', 'capture7'];
    const { path } = await monitor(objects);
    const capture = await QemuCapture.start(path, { prefix: join(fakeFolder(), 'capture-'), segmentBytes: 1000, segments: 2 });
    expect(objects).toEqual(['rng0', 'capture1']);
    await capture.stop();
  });

  it('says why it can’t', async () => {
    const { path } = await monitor([], 'object-add');
    const spec = { prefix: join(fakeFolder(), 'capture-'), segmentBytes: 1000, segments: 2 };
    const error = await QemuCapture.start(path, spec).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error).toMatchObject({ message: 'the traffic can’t be captured: QMP: no such netdev', hint: 'use --pcap never to do without' });
    await expect(QemuCapture.start('/no/such.sock', spec)).rejects.toThrow(/can’t be captured/);
  });
});
