import { beforeEach, describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import type { Values } from '../config/options.ts';
import { findRecipe, type ServerRecipe } from '../config/server-recipe.ts';
import { environmentId } from '../config/vm-files.ts';
import { FakeEngineService } from '../services/fake-engine.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { FakePortService, FakeProbeService } from '../services/fake-network.ts';
import { never } from '../services/fake-signals.ts';
import { FakeContext } from './fake-context.ts';
import { type RunningServer, sampleServer, startServer } from './server.ts';

const dir = fakeFolder();
let engine: FakeEngineService;
let ports: FakePortService;
let probe: FakeProbeService;
let context: FakeContext;

beforeEach(() => {
  [engine, ports, probe, context] = [new FakeEngineService(), new FakePortService(), new FakeProbeService(), new FakeContext()];
  engine.addImage('ganesha:latest');
  engine.programs.set('', { output: 'starting\nNFS SERVER INITIALIZED\n' });
});

function start(flags: Values = {}, change: Partial<ServerRecipe> = {}) {
  const options = fakeOptions(dir, flags);
  const recipe = { ...findRecipe('ganesha', null), ...change };
  const identity = { name: 'ganesha', title: recipe.title, image: 'ganesha:latest' };
  const onStarted = async ({ container }: RunningServer) => {
    void (async () => {
      for await (const chunk of container.logs(never)) context.log('server', chunk);
    })();
  };
  const imageId = engine.images.get('ganesha:latest')?.id ?? '';
  return startServer(
    { runId: '20260101-000000-abcd', options, recipe, identity, imageId, tail: context.tail('server'), onStarted },
    { engine, ports, probe },
    context,
  );
}

const impatient = (logPattern: string | null = null) => ({ readiness: { logPattern, timeoutSeconds: 0.2 } });

describe('startServer', () => {
  it('starts the recipe’s container and waits for NFS and MOUNT', async () => {
    const { record } = await start();
    expect(record).toMatchObject({ containerName: 'ganesha-server', nfsPort: 4000, mountPort: 4001, export: '/export' });
    expect(engine.specs).toMatchObject([
      {
        name: 'ganesha-server',
        image: 'sha256:1',
        labels: { 'nfstest-tui.run': '20260101-000000-abcd', 'nfstest-tui.environment': environmentId(fakeOptions(dir).vmDir) },
        capDrop: ['ALL'],
        capAdd: ['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'MKNOD', 'NET_BIND_SERVICE', 'SETGID', 'SETUID'],
        newPrivileges: false,
        volumes: ['/export'],
        ports: [
          { containerPort: 4000, hostPort: 4000, hostAddress: '127.0.0.1' },
          { containerPort: 4001, hostPort: 4001, hostAddress: '127.0.0.1' },
        ],
      },
    ]);
    expect(engine.specs[0]?.seccomp).toContain('SCMP_ACT');
    expect(probe.asked).toEqual(['100003 v3 on 4000', '100005 v3 on 4001']);
    expect(context.types.filter((type) => type !== 'progress.reported')).toEqual(['phase.started', 'server.started', 'server.ready', 'phase.finished']);
    expect(context.phases).toEqual(['server ok: ganesha-server on 127.0.0.1:4000']);
  });

  it('version 4 needs no MOUNT', async () => {
    await start({ NFS_VERSION: '4.1' });
    expect(probe.asked).toEqual(['100003 v4 on 4000']);
  });

  it('of several versions each one has to answer, MOUNT for 3', async () => {
    await start({ NFS_VERSION: '4.0,3,4.1' });
    expect(probe.asked).toEqual(['100003 v4 on 4000', '100003 v3 on 4000', '100005 v3 on 4001']);
    engine.containers.length = 0;
    probe.answers = ({ program, version }) => program !== 100_003 || version === 4;
    await expect(start({ NFS_VERSION: '3,4.0' }, impatient())).rejects.toThrow('does not answer NFS v3 and v4');
  });

  it('one port that serves both is published once', async () => {
    const { record } = await start({}, { mountPort: 4000 });
    expect(record).toMatchObject({ nfsPort: 4000, mountPort: 4000 });
    expect(engine.specs[0]?.ports).toHaveLength(1);
  });

  it('waits until the log says so, then until the server answers', async () => {
    let asked = 0;
    probe.answers = () => ++asked > 2;
    await start();
    expect(asked).toBeGreaterThan(2);
    engine.containers.length = 0;
    context = new FakeContext();
    probe.asked.length = 0;
    await expect(start({}, impatient('NEVER SAID'))).rejects.toMatchObject({ message: 'the server did not print /NEVER SAID/ after 0.2 s' });
    expect(probe.asked).toEqual([]);
  });

  it('leaves the name of another checkout’s server to it', async () => {
    await start();
    ports.holders.set(4000, 'docker-proxy').set(4001, 'docker-proxy');
    expect((await start()).record.containerName).toBe('ganesha-server-abcd');
  });
});

describe('ports', () => {
  it('the default is taken: another one, and a note that names the holder', async () => {
    ports.holders.set(4000, 'python3 (pid 7)').set(4001, 'x').set(4003, 'y');
    const { record } = await start();
    expect(record).toMatchObject({ nfsPort: 4002, mountPort: 4004 });
    expect(context.notes).toEqual(['info: port 4000 (NFS) is taken by python3 (pid 7); using 4002']);
  });

  it('one that was asked for is taken: an error that names the holder', async () => {
    ports.holders.set(5000, 'python3 (pid 7)').set(5001, null);
    await expect(start({ NFS_PORT: '5000' })).rejects.toMatchObject({
      exitCode: 3,
      message: 'port 5000 (NFS) is taken by python3 (pid 7)',
      hint: 'end it, or give another port with --port',
    });
    await expect(start({ NFS_PORT: '5001' })).rejects.toThrow('port 5001 (NFS) is taken by a process that can’t be seen from here');
    expect(engine.specs).toEqual([]);
  });

  it('the SSH port is not taken for MOUNT', async () => {
    const { record } = await start({ SSH_PORT: '4001' });
    expect(record.mountPort).toBe(4002);
  });
});

describe('a server that does not come up', () => {
  it('ends before it is ready', async () => {
    engine.programs.set('', { output: 'bad config\n', endsAfterMs: 30, exitCode: 2 });
    probe.answers = () => false;
    await expect(start()).rejects.toMatchObject({
      exitCode: 3,
      message: 'the server ended before it was ready (exit code 2)',
      log: { path: '/run/server.log', lines: ['bad config'] },
    });
    engine.containers.length = 0;
    engine.programs.set('', { output: '', endsAfterMs: 30, exitCode: 137, outOfMemory: true });
    await expect(start()).rejects.toThrow('the server ended before it was ready (exit code 137, out of memory)');
  });

  it('never answers', async () => {
    probe.answers = ({ program }) => program === 100_003;
    await expect(start({}, impatient())).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/^the server does not answer .* after 0\.2 s$/),
      log: { lines: ['starting', 'NFS SERVER INITIALIZED'] },
    });
    expect(context.phases).toEqual([expect.stringMatching(/^server failed: the server does not answer/)]);
  });

  it('is cut off: whoever waits is let go at once', async () => {
    probe.answers = () => false;
    setTimeout(() => context.abort(), 30);
    await expect(start()).rejects.toThrow(/abort/i);
    expect(context.phases).toEqual(['server cancelled']);
  });
});

describe('sampleServer', () => {
  it('reports the container’s load until it ends', async () => {
    const { container } = await start();
    context = new FakeContext();
    const sampling = sampleServer(container, context, engine);
    await expect.poll(() => context.types).toEqual(['server.sampled']);
    expect(context.bodies[0]).toEqual({ type: 'server.sampled', state: 'running', cpuPercent: 12.3, memoryBytes: 50 * 2 ** 20, restarts: 0 });
    context.abort();
    await sampling;
  });

  it('tells once that a process was ended for lack of memory while the container goes on', async () => {
    const { container } = await start();
    context = new FakeContext();
    const state = async () => ({ ...(await container.state()), outOfMemory: true });
    const sampling = sampleServer(Object.assign(Object.create(container), { state, sample: () => container.sample() }), context, engine);
    await expect.poll(() => context.types.filter((type) => type === 'server.sampled').length, { timeout: 5_000 }).toBe(2);
    expect(context.notes).toEqual(['warning: a process in the server’s container was ended for lack of memory']);
    context.abort();
    await sampling;
  });

  it('waits for nobody longer than for an answer of --server-timeout', async () => {
    probe.answers = () => false;
    await expect(start({ SERVER_TIMEOUT: '1s' })).rejects.toMatchObject({
      exitCode: 3,
      message: 'the server does not answer NFS v3 on port 4000 after 1 s',
      hint: expect.stringContaining('--server-timeout'),
    });
  });

  it('a sample that takes its time keeps nobody waiting at the end', async () => {
    const { container } = await start();
    context = new FakeContext();
    const slow = Object.assign(Object.create(container), { sample: () => new Promise<never>(() => {}) });
    const sampling = sampleServer(slow, context, engine);
    context.abort();
    await sampling;
    expect(context.bodies).toEqual([]);
  });

  it('says once that it can’t read a container', async () => {
    const { container } = await start();
    await container.remove({ graceMs: 0 });
    context = new FakeContext();
    await sampleServer(container, context, engine);
    expect(context.notes).toEqual([expect.stringMatching(/^warning: the container's state can't be read: .*No such container/)]);
  });

  it('goes on when the engine has been away, and says nothing of it', async () => {
    const { container } = await start();
    context = new FakeContext();
    let broken = 2;
    const state = async () => {
      if (broken > 0) {
        broken -= 1;
        throw new Error('connect ECONNREFUSED');
      }
      return container.state();
    };
    // The first time it is away; the second time only the connection broke.
    engine.ping = async () => broken === 0;
    const sampling = sampleServer(Object.assign(Object.create(container), { state, sample: () => container.sample() }), context, engine);
    await expect.poll(() => context.types, { timeout: 9_000 }).toEqual(['server.sampled']);
    context.abort();
    await sampling;
  }, 12_000);
});
