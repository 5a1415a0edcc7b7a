import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DockerEngineService } from './docker.ts';
import { ContainerLogReader } from './docker-log.ts';
import { FakeDocker, frameOf, type LogPart } from './fake-docker.ts';
import { everything } from './fake-signals.ts';
import type { ContainerHandle } from './types.ts';

/** A time so many microseconds after a full minute, as Docker writes it. */
const at = (us: number) => `2026-01-01T00:00:${String(Math.floor(us / 1e6)).padStart(2, '0')}.${String(us % 1e6).padStart(6, '0')}000Z`;
const line = (us: number, text: string): LogPart => ({ at: at(us), text: `${text}\n` });
const bytes = (parts: readonly LogPart[]) => Buffer.concat(parts.map(frameOf));
/** As the engine gives a log from a time on. */
const since = (parts: readonly LogPart[], seconds: number) => parts.filter((part) => Date.parse(part.at) >= seconds * 1000);

describe('a container’s log', () => {
  it('is read without the engine’s frames and timestamps, however it is cut', () => {
    const parts = [line(1, 'one'), { ...line(2, 'two'), stream: 2 as const }, { at: at(3), text: '' }, line(4, '2026-01-01T00:00:00Z three')];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 })), (sizes) => {
        const reader = new ContainerLogReader();
        reader.open();
        let rest = bytes(parts);
        let text = '';
        for (const size of [...sizes, rest.length]) {
          text += reader.push(rest.subarray(0, size)).toString();
          rest = rest.subarray(size);
        }
        return text === 'one\ntwo\n2026-01-01T00:00:00Z three\n';
      }),
    );
  });

  it('is asked for from its beginning, and then from a little before its last part', () => {
    const reader = new ContainerLogReader();
    expect(reader.open()).toBe(0);
    reader.push(bytes([line(30_500_000, 'one')]));
    expect(reader.open()).toBe(Date.parse(at(30_400_000)) / 1000);
  });

  it('goes on with no line lost or doubled wherever it breaks off, also with times that go back or are the same', () => {
    const part = fc.record({ step: fc.integer({ min: -90_000, max: 400_000 }), stream: fc.constantFrom<1 | 2>(1, 2) });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), fc.array(fc.nat(), { maxLength: 5 }), fc.boolean(), (steps, cuts, wholeSeconds) => {
        let us = 1_000_000;
        let latest = us;
        const parts = steps.map(({ step, stream }, index): LogPart => {
          // Never further back than the two streams of a container are apart.
          us = Math.max(us + step, latest - 90_000, 1_000_000);
          latest = Math.max(latest, us);
          const whole = `2026-01-01T01:00:${String(Math.floor(latest / 1e6)).padStart(2, '0')}+01:00`;
          return { at: wholeSeconds ? whole : at(us), text: `${index}\n`, stream };
        });
        const reader = new ContainerLogReader();
        let text = '';
        for (const cut of [...cuts, null]) {
          const log = bytes(since(parts, reader.open()));
          text += reader.push(log.subarray(0, cut === null ? log.length : cut % (log.length + 1))).toString();
        }
        expect(text).toBe(steps.map((_, index) => `${index}\n`).join(''));
      }),
    );
  });

  it('keeps in mind only the last parts', () => {
    const reader = new ContainerLogReader();
    reader.open();
    for (let us = 0; us < 20_000_000; us += 1_000) reader.push(frameOf(line(us, 'x')));
    expect(reader.remembered).toBeLessThanOrEqual(102);
  });
});

describe('following a log', () => {
  let docker: FakeDocker;
  let container: ContainerHandle;
  const stop = new AbortController();

  beforeEach(async () => {
    docker = new FakeDocker();
    await docker.open();
    docker.log.push(line(1, 'first'));
    const found = await new DockerEngineService(docker.host, { callMs: 2_000, lossMs: 500 }).attachContainer('c1');
    if (!found) throw new Error('there is no container');
    container = found;
  });
  afterEach(() => docker.close());

  const opened = (count: number) => expect.poll(() => docker.asked.filter((path) => path.includes('/logs')).length, { timeout: 4_000 }).toBe(count);

  it('goes on when the engine is back, with what was written meanwhile', async () => {
    const reading = everything(container.logs(stop));
    await opened(1);
    docker.print(line(2, 'second'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await docker.close();
    docker.log.push(line(3, 'meanwhile'));
    await docker.open();
    await opened(2);
    docker.print(line(4, 'after'));
    docker.end(0);
    expect(await reading).toBe('first\nsecond\nmeanwhile\nafter\n');
  });

  it('goes on where the engine ended it in good order and the container runs', async () => {
    const reading = everything(container.logs(stop));
    await opened(1);
    docker.endLogs();
    await opened(2);
    docker.print(line(2, 'second'));
    docker.end(0);
    expect(await reading).toBe('first\nsecond\n');
  });

  it('gives the last words of a container that ended while the engine was away', async () => {
    const reading = everything(container.logs(stop));
    await opened(1);
    docker.cut();
    docker.log.push(line(2, 'last words'));
    docker.end(1);
    expect(await reading).toBe('first\nlast words\n');
  });

  it('says so when the engine stays away', async () => {
    const reading = everything(container.logs(stop));
    await opened(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const failed = expect(reading).rejects.toMatchObject({
      message: 'the container engine could not read the log of ganesha-server: it does not answer any more',
    });
    await docker.close();
    await failed;
  });

  it('ends at once by its signal while the engine is away', async () => {
    const ending = new AbortController();
    const reading = everything(container.logs(ending));
    await opened(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await docker.close();
    await new Promise((resolve) => setTimeout(resolve, 150));
    const startMs = performance.now();
    ending.abort();
    expect(await reading).toBe('first\n');
    expect(performance.now() - startMs).toBeLessThan(200);
  });
});
