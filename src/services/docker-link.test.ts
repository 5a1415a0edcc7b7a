import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DockerEngineService } from './docker.ts';
import type { EnginePatience } from './docker-link.ts';
import { FakeDocker } from './fake-docker.ts';
import type { ContainerHandle, EngineAbsence } from './types.ts';

let docker: FakeDocker;
let engine: DockerEngineService;
let absences: EngineAbsence[];

beforeEach(async () => {
  docker = new FakeDocker();
  await docker.open();
});
afterEach(() => docker.close());

async function attach(patience: Partial<EnginePatience> = {}): Promise<ContainerHandle> {
  engine = new DockerEngineService(docker.host, { callMs: 2_000, lossMs: 800, ...patience });
  absences = [];
  engine.onAbsence((absence) => absences.push(absence));
  const container = await engine.attachContainer('c1');
  if (!container) throw new Error('there is no container');
  return container;
}

const asks = (part: string) => docker.asked.filter((path) => path.includes(part));

/** Waits for the end of a container, as far as to the head of the engine's answer. */
async function watch(container: ContainerHandle): Promise<void> {
  void container.exited;
  await expect.poll(() => asks('/wait').length).toBe(1);
  await sleep(20);
}

describe('an engine whose connections break in the middle of an answer', () => {
  it('is asked at once, and counts as gone when nobody listens for a while', async () => {
    const container = await attach();
    await watch(container);
    const startMs = performance.now();
    await docker.close();
    await expect.poll(() => absences, { timeout: 300, interval: 10 }).toEqual([{ state: 'away', lossMs: 800 }]);
    expect(await container.exited).toMatchObject({ status: 'unknown', exitCode: null });
    expect(performance.now() - startMs).toBeGreaterThan(700);
    expect(performance.now() - startMs).toBeLessThan(1_500);
    expect(absences).toHaveLength(1);
  });

  it('does not count as gone where it is back in time; what happens to the container then is told', async () => {
    const container = await attach();
    await watch(container);
    await docker.close();
    await sleep(400);
    await docker.open();
    await expect.poll(() => absences.at(-1)).toMatchObject({ state: 'back' });
    const back = absences.at(-1);
    expect(back?.state === 'back' && back.awayMs).toBeGreaterThan(300);
    await expect.poll(() => asks('/wait').length, { timeout: 2_000 }).toBe(2);
    await sleep(20);
    docker.end(137);
    expect(await container.exited).toMatchObject({ status: 'exited', exitCode: 137 });
  });

  it('is given the time of a call where it takes connections and says nothing', async () => {
    const container = await attach({ callMs: 1_500, lossMs: 300 });
    await watch(container);
    docker.isMute = true;
    const startMs = performance.now();
    docker.cut();
    expect(await container.exited).toMatchObject({ status: 'unknown' });
    expect(performance.now() - startMs).toBeGreaterThan(1_400);
    expect(performance.now() - startMs).toBeLessThan(4_500);
    expect(absences).toEqual([{ state: 'away', lossMs: 1_500 }]);
  });

  it('is told of once, however many watch', async () => {
    const first = await attach();
    const second = await engine.attachContainer('c1');
    void first.exited;
    void second?.exited;
    await expect.poll(() => asks('/wait').length).toBe(2);
    await sleep(20);
    docker.cut();
    await expect.poll(() => asks('/wait').length, { timeout: 2_000 }).toBe(4);
    expect(absences).toEqual([{ state: 'back', awayMs: expect.any(Number) }]);
  });
});

describe('an engine that is gone', () => {
  it('holds nobody up who wants to remove a container', async () => {
    const container = await attach({ callMs: 3_000, lossMs: 300 });
    await watch(container);
    await docker.close();
    await container.exited;
    const startMs = performance.now();
    await expect(container.remove({ graceMs: 2_000 })).rejects.toMatchObject({
      message: 'the container ganesha-server could not be removed: the container engine does not answer any more',
    });
    expect(performance.now() - startMs).toBeLessThan(200);
  });

  it('answers no ping, and one that is there does', async () => {
    await attach();
    expect(await engine.ping({ timeoutMs: 1_000 })).toBe(true);
    docker.isMute = true;
    const startMs = performance.now();
    expect(await engine.ping({ timeoutMs: 100 })).toBe(false);
    expect(performance.now() - startMs).toBeGreaterThan(90);
    await docker.close();
    expect(await engine.ping({ timeoutMs: 1_000 })).toBe(false);
  });
});
