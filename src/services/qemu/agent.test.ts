import { afterEach, describe, expect, it } from 'vitest';
import { EnvironmentError } from '../../model/errors.ts';
import { never } from '../fake-signals.ts';
import { askAgent } from './agent.ts';
import { FakeMonitors } from './fake-monitor.ts';

const sockets = new FakeMonitors();
afterEach(() => sockets.close());

const patient = { ...never, timeoutMs: 5_000 };
const request = { do: 'quiesce', timeout: 1 };

describe('askAgent', () => {
  it('sends a line of JSON and takes one', async () => {
    const path = await sockets.listen((line) => `${JSON.stringify({ heard: JSON.parse(line) })}\n`);
    expect(await askAgent(path, request, patient)).toEqual({ heard: request });
  });

  it('takes an answer that comes in pieces', async () => {
    const path = await sockets.listen((_, socket) => {
      setTimeout(() => socket.write(':1}\n'), 10);
      return '{"time"';
    });
    expect(await askAgent(path, request, patient)).toEqual({ time: 1 });
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    ['a refusal', () => sockets.listen(() => '{"error": "RuntimeError: NFS is mounted at /mnt"}\n'), /NFS is mounted at \/mnt$/],
    ['silence', () => sockets.listen(() => ''), /no answer within 0\.05 s$/],
    ['a channel that closes', () => sockets.listen((_, socket) => String(socket.end() && '')), /the channel was closed$/],
    ['an answer that is none', () => sockets.listen(() => 'login:\n'), /not valid JSON/],
    ['nobody', async () => sockets.path(), /ENOENT/],
  ])('%s is an error that names the way out', async (_, listen, message) => {
    const error = await askAgent(await listen(), request, { ...never, timeoutMs: 50 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error).toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(new RegExp(`^the agent in the client VM failed: .*${message.source}`)),
      hint: expect.stringMatching(/--cold/),
    });
  });

  it('is cut off by the signal, with the signal’s reason', async () => {
    const reason = new Error('interrupted');
    const controller = new AbortController();
    const asking = askAgent(await sockets.listen(() => ''), request, { signal: controller.signal, timeoutMs: 5_000 });
    setTimeout(() => controller.abort(reason), 20);
    await expect(asking).rejects.toBe(reason);
  });
});
