import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import type { Values } from '../config/options.ts';
import { packageRoot } from '../config/paths.ts';
import type { EventBody } from '../model/events.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { type FakeCommand, FakeRemoteService, fakeHostKey } from '../services/fake-remote.ts';
import { never } from '../services/fake-signals.ts';
import { FakeVm } from '../services/fake-vm.ts';
import type { VmRecord } from '../services/types.ts';
import { clientPaths, connectClient, runSuite, suiteCommand, uploadSuite } from './client.ts';
import { FakeContext } from './fake-context.ts';
import type { ServerEndpoint } from './server-endpoint.ts';

const dir = fakeFolder();
let guest: FakeRemoteService;
let context: FakeContext;

beforeEach(() => {
  [guest, context] = [new FakeRemoteService(), new FakeContext()];
});

const transcript = (name: string) => readFileSync(join(packageRoot, 'test/fixtures/nfstest', `${name}.log`), 'utf8');
const connect = () =>
  guest.connect({ host: '127.0.0.1', port: 2222, user: 'nfstest', privateKey: 'key', hostKey: fakeHostKey }, { ...never, deadlineMs: 1_000 });
const server: ServerEndpoint = { host: '10.0.2.2', nfsPort: 4000, mountPort: 4001, export: '/export' };
const vmRecord = { pid: 1, startTime: '', qmpSocket: '', agentSocket: '', consoleLog: '', accelerator: 'tcg', sshPort: 2200 };
const suite = (kind: 'nfstest' | 'bundled' = 'nfstest') => ({ identity: { kind, version: null, source: dir }, dir: join(dir, 'suite') });

describe('connectClient', () => {
  const vmWith = (change: Pick<VmRecord, 'hostKey'>) => new FakeVm({ ...vmRecord, ...change }, { console: '' }, false);
  const vm = vmWith({ hostKey: fakeHostKey });

  it('logs in with our key and asks for the kernel', async () => {
    await connectClient(guest, vm, 'key', context);
    expect(guest.targets).toEqual([{ host: '127.0.0.1', port: 2200, user: 'nfstest', privateKey: 'key', hostKey: fakeHostKey }]);
    expect(context.bodies).toContainEqual({ type: 'client.connected', kernel: '6.1.0-fake' });
    expect(context.phases).toEqual(['connect ok']);
  });

  it.each<Pick<VmRecord, 'hostKey'>>([{ hostKey: null }, {}])('a host key that is not known is not checked: %j', async (change) => {
    await connectClient(guest, vmWith(change), 'key', context);
    expect(guest.targets).toMatchObject([{ hostKey: null }]);
  });

  it('a guest that shows another host key than it was given is none', async () => {
    guest.hostKey = 'ssh-ed25519 T1RIRVI=';
    await expect(connectClient(guest, vm, 'key', context)).rejects.toMatchObject({ exitCode: 3, message: expect.stringMatching(/another machine .* answers/) });
    expect(guest.ran).toEqual([]);
    expect(context.phases).toEqual([expect.stringMatching(/^connect failed/)]);
  });

  it('does not ask for a kernel that is known', async () => {
    guest.commands.unshift(['uname', { exitCode: 127 }]);
    await connectClient(guest, vm, 'key', context, '6.1.0-saved');
    expect(context.bodies).toContainEqual({ type: 'client.connected', kernel: '6.1.0-saved' });
  });

  it('a guest without `uname` is no client', async () => {
    guest.commands.unshift(['uname', { exitCode: 127 }]);
    await expect(connectClient(guest, vm, 'key', context)).rejects.toMatchObject({
      exitCode: 3,
      message: '`uname -r` failed in the client VM with exit code 127',
    });
  });
});

describe('uploadSuite', () => {
  beforeEach(() => {
    mkdirSync(join(dir, 'suite', '.git'), { recursive: true });
    mkdirSync(join(dir, 'suite', 'test', '__pycache__'), { recursive: true });
    writeFileSync(join(dir, 'suite', 'test', 'nfstest_posix'), 'the program');
    writeFileSync(join(dir, 'suite', '.git', 'secret-history'), '');
    writeFileSync(join(dir, 'suite', 'test', '__pycache__', 'old.pyc'), '');
  });

  it('sends suite and runner, without what nobody needs', async () => {
    await uploadSuite(await connect(), suite(), context);
    const archive = [...guest.files].find(([path]) => path.endsWith('suite.tar'))?.[1] ?? '';
    expect(archive).toContain('test/nfstest_posix');
    expect(archive).toContain('the program');
    expect(archive).not.toMatch(/secret-history|old\.pyc/);
    expect(guest.files.get(clientPaths.runner)).toContain('python3');
    expect(guest.ran).toEqual([expect.stringMatching(/^sudo umount .*; rm -rf .*mkdir -p/), expect.stringMatching(/^tar -xf .*suite\.tar/)]);
    expect(context.phases).toEqual(['upload ok']);
  });

  it.each<[string, FakeCommand, string]>([
    ['mkdir', { exitCode: 1 }, 'the client VM has no room for the suite'],
    ['tar -xf', { exitCode: 2, stderr: 'tar: No space left on device\n' }, 'the suite could not be unpacked in the client VM: tar: No space left on device'],
  ])('%s fails in the guest', async (part, command, message) => {
    guest.commands.push([part, command]);
    await expect(uploadSuite(await connect(), suite(), context)).rejects.toMatchObject({ exitCode: 3, message });
  });

  it('a guest that hangs is lost after a while; a user who stops is not told so', async () => {
    guest.uploadsHang = true;
    await expect(uploadSuite(await connect(), suite(), context, 50)).rejects.toMatchObject({
      exitCode: 5,
      message: 'the suite could not be uploaded to the client VM within 0.05 s',
    });
    expect(context.phases).toEqual([expect.stringMatching(/^upload failed/)]);
    context = new FakeContext({ signal: AbortSignal.timeout(30) });
    await expect(uploadSuite(await connect(), suite(), context)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(context.phases).toEqual(['upload cancelled']);
  });
});

describe('suiteCommand', () => {
  it('the bundled suite needs no packages of the system, NFStest may', () => {
    const words = (kind: 'bundled' | 'nfstest') =>
      suiteCommand({ suite: { ...suite(), identity: { kind, version: null, source: dir } }, server, options: fakeOptions(dir, {}), testcases: ['read'] });
    expect(words('bundled')).toContain(' --no-site ');
    expect(words('nfstest')).not.toContain('--no-site');
  });

  it.each([
    ['bundled', true, true],
    ['bundled', false, false],
    ['nfstest', true, false],
  ] as const)('the %s suite, client emulated: %s, kept on one processor: %s', (kind, emulated, kept) => {
    const words = suiteCommand({ suite: suite(kind), server, options: fakeOptions(dir), testcases: ['read'], emulated });
    expect(words.includes(' --one-processor ')).toBe(kept);
  });

  it('a server on port 2049 is not looked for at a portmapper', () => {
    const words = suiteCommand({ suite: suite(), server: { ...server, nfsPort: 2049 }, options: fakeOptions(dir), testcases: ['read'] });
    expect(words).toContain('--port 2049 ');
    expect(words).toContain('--mtopts hard,nolock,noresvport,mountport=4001,port=2049 ');
  });

  const command = (flags: Values = {}) =>
    suiteCommand({ suite: suite(), server, options: fakeOptions(dir, flags), testcases: ['open', 'read'] }).replaceAll(' --', '\n--');

  it('version 3', () => {
    expect(command()).toMatchInlineSnapshot(`
      "exec python3 -S -u /home/nfstest/nfstest-tui/runner.py
      --suite-root /home/nfstest/nfstest-tui/suite
      --script test/nfstest_posix
      --host 10.0.2.2
      --port 4000
      --mount-port 4001
      --wait 30
      --
      --server 10.0.2.2
      --port 4000
      --export /export
      --nfsversion 3
      --mtpoint /home/nfstest/nfstest-tui/mnt
      --mtopts hard,nolock,noresvport,mountport=4001
      --runtest open,read
      --tbsize 4k
      --trcdelay 0
      --verbose 'opts|info|dbg1|dbg2'
      --notty"
    `);
  });

  it('version 4.1', () => {
    expect(command({ NFS_VERSION: '4.1' })).toMatchInlineSnapshot(`
      "exec python3 -S -u /home/nfstest/nfstest-tui/runner.py
      --suite-root /home/nfstest/nfstest-tui/suite
      --script test/nfstest_posix
      --host 10.0.2.2
      --port 4000
      --wait 30
      --
      --server 10.0.2.2
      --port 4000
      --export /export
      --nfsversion 4.1
      --mtpoint /home/nfstest/nfstest-tui/mnt
      --mtopts hard,noresvport
      --runtest open,read
      --tbsize 4k
      --trcdelay 0
      --verbose 'opts|info|dbg1|dbg2'
      --notty"
    `);
  });
});

describe('on the client’s own disk', () => {
  it('nothing is mounted, and the server is not waited for', () => {
    const command = suiteCommand({ suite: suite(), server, options: fakeOptions(dir), testcases: ['open'], local: true });
    expect(command).toMatch(/^mkdir -p \/home\/nfstest\/nfstest-tui\/local && exec python3 .* --mtpoint \/home\/nfstest\/nfstest-tui\/local .* --nomount$/);
    expect(command).not.toContain('--wait');
  });
});

describe('runSuite', () => {
  const run = async (command: FakeCommand, testcases = ['open', 'read', 'write']) => {
    guest.commands.push(['python3', command]);
    const session = await connect();
    return runSuite({ session, vm, suite: suite(kind), server, options: fakeOptions(dir), testcases }, context);
  };
  let vm = new FakeVm(vmRecord, { console: '' }, false);
  let kind: 'nfstest' | 'bundled' = 'nfstest';
  const verdicts = () => context.bodies.flatMap((body) => (body.type === 'testcase.finished' ? [`${body.testcase} ${body.verdict}`] : []));
  const finished = () => context.bodies.find((body): body is Extract<EventBody, { type: 'suite.finished' }> => body.type === 'suite.finished');

  it('reports each testcase while the suite runs', async () => {
    await run({ stdout: transcript('v3-open-read-write'), exitCode: 1 });
    expect(verdicts()).toEqual(['open failed', 'read passed', 'write passed']);
    expect(finished()).toMatchObject({ exitCode: 1, printed: { tests: 46, passed: 44, failed: 2 } });
    expect(context.types.indexOf('suite.started')).toBeLessThan(context.types.indexOf('testcase.started'));
    expect(context.logs.buffers.suite.tail(1)).toEqual(['Total time: 1m0.367819s']);
    expect(context.phases).toEqual(['suite ok']);
  });

  it('a suite that can’t be set up is no verdict on any testcase', async () => {
    await run({ stdout: transcript('setup-failure-mount-refused'), exitCode: 1 });
    expect(verdicts()).toEqual(['open not-run', 'read not-run', 'write not-run']);
    expect(context.types).toContain('suite.setup-failed');
  });

  it.each([
    [72, 4, 'the client VM can’t reach the server at 10.0.2.2:4000'],
    [73, 3, 'the suite can’t be started in the client VM'],
  ])('the runner’s exit code %i', async (exitCode, expected, message) => {
    await expect(run({ stderr: 'runner: it failed\n', exitCode })).rejects.toMatchObject({ exitCode: expected, message });
    expect(verdicts()).toEqual(['open not-run', 'read not-run', 'write not-run']);
    expect(context.logs.buffers.suite.tail(1)).toEqual(['runner: it failed']);
  });

  it('streams its verdicts; cut off, what has not run is said to have not run', async () => {
    const untilRead = /^.*Running test 'read'\n/s.exec(transcript('v3-open-read-write'))?.[0] ?? '';
    const running = run({ stdout: untilRead, afterwards: 'hang' });
    await expect.poll(verdicts).toEqual(['open failed']);
    context.abort();
    await expect(running).rejects.toThrow(/abort/i);
    expect(verdicts().sort()).toEqual(['open failed', 'read not-run', 'write not-run']);
    expect(finished()).toMatchObject({ exitCode: null });
    expect(context.phases).toEqual(['suite cancelled']);
  });

  it('a lost connection is a lost client', async () => {
    await expect(run({ stdout: 'TEST: Running\n', afterwards: 'lose' })).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(/connection to the client VM was lost/),
    });
    expect(verdicts()).toEqual(['open not-run', 'read not-run', 'write not-run']);
  });

  describe('with a port for its output', () => {
    const withPort = { ...vmRecord, suiteSocket: 'suite.sock' };
    beforeEach(() => {
      vm = new FakeVm(withPort, { console: '' }, false);
      kind = 'bundled';
    });
    afterEach(() => {
      kind = 'nfstest';
      vm = new FakeVm(vmRecord, { console: '' }, false);
    });
    const whole = transcript('v3-open-read-write');
    const mark = () => /--output \/dev\/virtio-ports\/nfstest\.suite --output-mark (\w{32}) -- /.exec(guest.ran.at(-1) ?? '')?.[1] ?? 'none';

    it('reads it up to the mark, which may come after the exit code', async () => {
      guest.writesToPort = true;
      const running = run({ exitCode: 1 });
      await expect.poll(mark).not.toBe('none');
      vm.output?.(`what an earlier suite prints\n${mark()}${whole.slice(0, 2_000)}`);
      vm.output?.(whole.slice(2_000) + mark().slice(0, 7));
      vm.output?.(`${mark().slice(7)}what a child of the suite prints`);
      await running;
      expect(verdicts()).toEqual(['open failed', 'read passed', 'write passed']);
      expect(context.logs.buffers.suite.tail(1)).toEqual(['Total time: 1m0.367819s']);
      expect(context.bodies.find(({ type }) => type === 'suite.started')).toMatchObject({ command: expect.not.stringContaining('--output') });
    });

    it('a runner that can’t open it is read over SSH, without the mark', async () => {
      await run({ stdout: whole, exitCode: 1 });
      expect(verdicts()).toEqual(['open failed', 'read passed', 'write passed']);
      expect(context.logs.buffers.suite.tail(1)).toEqual(['Total time: 1m0.367819s']);
      expect(context.bodies).toContainEqual({ type: 'note.reported', level: 'info', message: expect.stringMatching(/over SSH: its port/) });
    });

    it('NFStest, whose lines have no bound, writes to SSH', async () => {
      kind = 'nfstest';
      await run({ stdout: whole, exitCode: 1 });
      expect(guest.ran.at(-1)).not.toContain('--output');
      expect(verdicts()).toEqual(['open failed', 'read passed', 'write passed']);
      expect(context.types).not.toContain('note.reported');
    });

    it('a runner that was killed has written no mark: what came is kept', async () => {
      guest.writesToPort = true;
      const running = run({ signal: 'KILL' });
      await expect.poll(mark).not.toBe('none');
      vm.output?.(`${mark()}${whole.slice(0, whole.indexOf("Running test 'write'"))}`);
      await running;
      expect(verdicts()).toEqual(['open failed', 'read passed', 'write not-run']);
    });

    it('a VM that ends ends it', async () => {
      guest.writesToPort = true;
      const running = run({ exitCode: 1 });
      await expect.poll(mark).not.toBe('none');
      vm.output?.(`${mark()}    TEST: Running test 'open'\n    PASS: the last line\n`);
      vm.die();
      await running;
      expect(context.logs.buffers.suite.tail(1)).toEqual(['    PASS: the last line']);
    });
  });

  it('a suite that is killed has a shell’s exit code', async () => {
    await run({ stdout: transcript('local-killed'), signal: 'SIGKILL' }, ['open']);
    expect(finished()).toMatchObject({ exitCode: 137 });
    context = new FakeContext();
    guest.commands.length = 0;
    await run({ signal: 'TERM' }, ['open']);
    expect(finished()).toMatchObject({ exitCode: 143 });
  });
});
