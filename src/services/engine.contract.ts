import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { EnvironmentError } from '../model/errors.ts';
import { everything, never } from './fake-signals.ts';
import type { ContainerSpec, EngineAbsence, EngineService } from './types.ts';

export interface EngineLab {
  readonly engine: EngineService;
  /** An image the engine has. */
  readonly image: string;
  /** Prints `hello` and stays. */
  readonly stays: readonly string[];
  /** Prints `bye` and ends with 3. */
  readonly ends: readonly string[];
  /** Whether the engine's bridge is an interface of this host. */
  readonly isBridged: boolean;
  /** A small root file system as tar. */
  readonly rootfs: () => NodeJS.ReadableStream;
}

const label = 'nfstest-tui.contract';

/** What every container engine must do. */
export function describeEngineContract(name: string, makeLab: () => Promise<EngineLab>): void {
  describe(`${name} keeps the engine's contract`, () => {
    const unique = `contract-${process.pid}`;
    const spec = ({ image, stays }: EngineLab, change: Partial<ContainerSpec> = {}): ContainerSpec => ({
      name: unique,
      image,
      labels: { [label]: unique },
      env: { GREETING: 'hello' },
      command: stays,
      capAdd: [],
      capDrop: [],
      seccomp: null,
      volumes: ['/data'],
      tmpfs: {},
      stopSignal: 'SIGKILL',
      ports: [],
      ...change,
    });
    const listed = async ({ engine }: EngineLab) => (await engine.listContainers(`${label}=${unique}`)).map((container) => container.name);

    afterEach(async () => {
      const { engine } = await makeLab();
      for (const { id } of await engine.listContainers(`${label}=${unique}`)) await (await engine.attachContainer(id))?.remove({ graceMs: 0 });
    });

    it('says who it is', async () => {
      const { engine } = await makeLab();
      expect(await engine.describe()).toEqual({
        name: expect.stringMatching(/\w/),
        version: expect.stringMatching(/\d/),
        host: expect.stringContaining('://'),
      });
    });

    it('answers a ping, and tells of no absence while it is there', async () => {
      const { engine } = await makeLab();
      const absences: EngineAbsence[] = [];
      const stop = engine.onAbsence((absence) => absences.push(absence));
      expect(await engine.ping({ timeoutMs: 5_000 })).toBe(true);
      stop();
      expect(absences).toEqual([]);
    });

    it('does as it is asked where it is doubted and answers', async () => {
      const { engine, image } = await makeLab();
      engine.doubt();
      expect(await engine.inspectImage(image)).toMatchObject({ id: expect.stringContaining('sha256:') });
    });

    it('knows its images, and null for others', async () => {
      const { engine, image } = await makeLab();
      expect(await engine.inspectImage(image)).toMatchObject({ id: expect.stringContaining('sha256:') });
      expect(await engine.inspectImage('nfstest-tui-no-such:image')).toBeNull();
    });

    it('gives the log from the start and the exit code of a container that ends', async () => {
      const lab = await makeLab();
      const container = await lab.engine.startContainer(spec(lab, { command: lab.ends }), never);
      expect(await container.exited).toMatchObject({ status: 'exited', exitCode: 3, outOfMemory: false });
      expect(await everything(container.logs(never))).toBe('bye\n');
      expect(await container.exited).toMatchObject({ exitCode: 3 });
    });

    it('is attached to by id and by name, while it is there', async () => {
      const lab = await makeLab();
      const container = await lab.engine.startContainer(spec(lab), never);
      for (const key of [container.id, container.name]) {
        const attached = await lab.engine.attachContainer(key);
        expect(attached).toMatchObject({ id: container.id, name: unique });
        expect(await attached?.state()).toMatchObject({ status: 'running', exitCode: null, restarts: 0 });
      }
      const sample = await container.sample();
      expect(sample.cpuPercent).toBeGreaterThanOrEqual(0);
      expect(sample.memoryBytes).toBeGreaterThan(0);
      // Since the sample before; this one is busy.
      await sleep(300);
      const next = await container.sample();
      expect(next.cpuPercent).toBeGreaterThan(5);
      expect(next.memoryBytes).toBeGreaterThan(0);
      await container.remove({ graceMs: 0 });
      expect(await lab.engine.attachContainer(container.id)).toBeNull();
    });

    it('tells how a container is reached without its proxy, where that is so', async () => {
      const lab = await makeLab();
      const hostPort = 40_000 + (process.pid % 20_000);
      const container = await lab.engine.startContainer(spec(lab, { ports: [{ containerPort: 4000, hostPort, hostAddress: '127.0.0.1' }] }), never);
      const attached = await lab.engine.attachContainer(container.id);
      for (const handle of [container, attached]) {
        const route = (await handle?.route()) ?? null;
        if (!lab.isBridged) expect(route).toBeNull();
        else expect(route).toEqual({ host: expect.stringMatching(/^\d+(\.\d+){3}$/), ports: new Map([[hostPort, 4000]]) });
      }
      await container.remove({ graceMs: 0 });
      if (lab.isBridged) await expect(container.route()).rejects.toBeInstanceOf(EnvironmentError);
    });

    it('is removed once, whoever asks and however often', async () => {
      const lab = await makeLab();
      const container = await lab.engine.startContainer(spec(lab), never);
      const other = await lab.engine.attachContainer(unique);
      expect(await listed(lab)).toEqual([unique]);
      await Promise.all([container.remove({ graceMs: 1_000 }), container.remove({ graceMs: 0 }), other?.remove({ graceMs: 0 })]);
      await container.remove({ graceMs: 1_000 });
      expect(await listed(lab)).toEqual([]);
      // Whoever waited for its end has it.
      await container.exited;
      await other?.exited;
    });

    it('tells of a container that is gone as an error for people', async () => {
      const lab = await makeLab();
      const container = await lab.engine.startContainer(spec(lab), never);
      await container.remove({ graceMs: 0 });
      await expect(container.state()).rejects.toSatisfy(
        (error: EnvironmentError) => error instanceof EnvironmentError && error.hint !== '' && error.message.includes(unique),
      );
    });

    it('ends a log that is followed when the signal fires', async () => {
      const lab = await makeLab();
      const container = await lab.engine.startContainer(spec(lab), never);
      const following = new AbortController();
      let text = '';
      for await (const chunk of container.logs({ signal: following.signal })) {
        text += Buffer.from(chunk).toString();
        if (text.includes('hello\n')) following.abort();
      }
      expect(text).toBe('hello\n');
      expect(await everything(container.logs({ signal: AbortSignal.abort() }))).toBe('');
    });

    it('leaves nothing of a start that is aborted', async () => {
      const lab = await makeLab();
      await expect(lab.engine.startContainer(spec(lab), { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
      const controller = new AbortController();
      const starting = lab.engine.startContainer(spec(lab), controller);
      controller.abort();
      await expect(starting).rejects.toThrow(/abort/i);
      expect(await listed(lab)).toEqual([]);
    });

    it('leaves nothing of a start that fails, and says why', async () => {
      const lab = await makeLab();
      await expect(lab.engine.startContainer(spec(lab, { image: 'nfstest-tui-no-such:image' }), never)).rejects.toThrow(
        /could not create container .*no such image/i,
      );
      await expect(lab.engine.startContainer(spec(lab, { command: ['/no/such/program'] }), never)).rejects.toThrow(
        /could not start container .*no such program|not found|no such file/i,
      );
      expect(await listed(lab)).toEqual([]);
    });

    it('refuses a taken name and a taken port, and leaves their holder alone', async () => {
      const lab = await makeLab();
      const ports = [{ containerPort: 4000, hostPort: 40_000 + (process.pid % 20_000), hostAddress: '127.0.0.1' }];
      const first = await lab.engine.startContainer(spec(lab, { ports }), never);
      await expect(lab.engine.startContainer(spec(lab), never)).rejects.toThrow(/name .*is already in use/);
      await expect(lab.engine.startContainer(spec(lab, { name: `${unique}-b`, ports }), never)).rejects.toThrow(
        /port is already allocated|address already in use/,
      );
      expect(await listed(lab)).toEqual([unique]);
      expect(await first.state()).toMatchObject({ status: 'running' });
    });

    it('imports, builds, lists and removes images', async () => {
      const { engine, rootfs } = await makeLab();
      const dir = await mkdtemp(join(tmpdir(), 'engine-contract-'));
      const [base, built] = [`${unique}/base:1`, `${unique}/built:1`];
      try {
        await engine.importImage(base, rootfs(), never);
        await writeFile(join(dir, 'hello.txt'), 'hello');
        await writeFile(join(dir, 'Containerfile'), `FROM ${base}\nCOPY hello.txt /\n`);
        const build = { reference: built, contextDir: dir, dockerfile: join(dir, 'Containerfile'), ignoreFile: null, args: {}, labels: { [label]: unique } };
        let output = '';
        const onOutput = (chunk: Uint8Array | string) => {
          output += String(chunk);
        };
        const image = await engine.buildImage(build, { ...never, onOutput });
        expect(output).toMatch(/Step 1\/\d+ : FROM/);
        expect(await engine.inspectImage(built)).toEqual(image);
        expect(image.labels[label]).toBe(unique);
        expect(await engine.listImages({ label: `${label}=${unique}` })).toEqual([built]);
        expect(await engine.listImages({ repository: `${unique}/base` })).toEqual([base]);
        // Not even a FROM that the engine has saves a build that fails.
        await writeFile(join(dir, 'Containerfile'), `FROM ${base}\nRUN false\n`);
        await expect(engine.buildImage({ ...build, reference: `${unique}/broken:1` }, { ...never, onOutput })).rejects.toBeInstanceOf(EnvironmentError);
        expect(await engine.inspectImage(`${unique}/broken:1`)).toBeNull();
        // Nor does the image of an earlier build.
        await expect(engine.buildImage(build, { ...never, onOutput })).rejects.toBeInstanceOf(EnvironmentError);
        expect((await engine.inspectImage(built))?.id).toBe(image.id);
        await expect(engine.buildImage(build, { signal: AbortSignal.abort(), onOutput })).rejects.toThrow(/abort/i);
      } finally {
        for (const reference of [built, base, base]) await engine.removeImage(reference);
        await rm(dir, { recursive: true });
      }
      expect(await engine.inspectImage(built)).toBeNull();
      expect(await engine.inspectImage(base)).toBeNull();
    });

    it('makes no image of an import that breaks off', async () => {
      const { engine } = await makeLab();
      const broken = Readable.from(
        (async function* () {
          yield Buffer.alloc(512);
          throw new Error('the tool failed');
        })(),
      );
      await expect(engine.importImage(`${unique}/cut:1`, broken, never)).rejects.toThrow(/the tool failed/);
      expect(await engine.inspectImage(`${unique}/cut:1`)).toBeNull();
    });

    it('can’t pull what no registry has', async () => {
      const { engine } = await makeLab();
      await expect(engine.pullImage('127.0.0.1:9/no/such:image', { ...never, onProgress: () => {} })).rejects.toThrow(
        /could not pull 127\.0\.0\.1:9\/no\/such:image/,
      );
    });
  });
}
