import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describeEngineContract } from './engine.contract.ts';
import { FakeEngineService } from './fake-engine.ts';
import { fakeFolder } from './fake-folder.ts';
import { FakeRemoteService, fakeHostKey } from './fake-remote.ts';
import { FakeVmService } from './fake-vm.ts';
import { describeRemoteContract } from './remote.contract.ts';
import type { VmSpec } from './types.ts';
import { describeVmContract } from './vm.contract.ts';

const engine = new FakeEngineService();
engine.addImage('fake:latest');
engine.programs.set('stays', { output: 'hello\n' });
engine.programs.set('ends', { output: 'bye\n', endsAfterMs: 10, exitCode: 3 });
engine.address = '172.17.0.2';
describeEngineContract('FakeEngineService', async () => ({
  engine,
  isBridged: true,
  image: 'fake:latest',
  stays: ['stays'],
  ends: ['ends'],
  rootfs: () => Readable.from([Buffer.alloc(1024)]),
}));

const vms = new FakeVmService();
vms.broken.add('broken');
vms.guest = { console: 'Linux version 6.1\n' };
const dir = fakeFolder();
let count = 0;
const vmSpec = async (): Promise<VmSpec> => {
  const overlay = join(dir, `disk-${count}`);
  await writeFile(overlay, '');
  vms.guest = { console: 'Linux version 6.1\n' };
  return {
    ...{ runId: 'contract', platform: 'linux', arch: 'x64', accelerators: ['tcg'], memoryMiB: 256, cpus: 1, overlay, cidata: '', kernel: null, firmware: null },
    ...{
      sshPort: 2222,
      hostKey: 'ssh-ed25519 AAAA',
      consoleLog: join(dir, 'vm.log'),
      qemuLog: join(dir, 'qemu.log'),
      qmpSocket: join(dir, `qmp-${++count}.sock`),
    },
    ...{ agentSocket: join(dir, `agent-${count}.sock`), suiteSocket: join(dir, `suite-${count}.sock`), memoryFile: null, restoreFrom: null },
  };
};
/** Nothing runs in it, so no agent does either. */
const bareSpec = async () => {
  const spec = await vmSpec();
  vms.guest = { console: 'Linux version 6.1\n', agentFailure: 'no answer within 0.1 s' };
  return spec;
};
describeVmContract('FakeVmService', async () => ({
  vms,
  spec: bareSpec,
  boot: {
    spec: async () => {
      const spec = await vmSpec();
      vms.guest = { console: 'Linux version 6.1\n', lastWords: 'Kernel panic\n', endsAfterMs: 20 };
      return spec;
    },
    firstWords: 'Linux version',
    lastWords: 'Kernel panic',
  },
  brokenAccelerator: 'broken',
}));

const target = { host: '127.0.0.1', port: 2222, user: 'nfstest', privateKey: 'key', hostKey: fakeHostKey };
describeRemoteContract('FakeRemoteService', async () => {
  const remote = new FakeRemoteService();
  const dead = new FakeRemoteService();
  dead.unreachable = true;
  remote.acceptedKey = 'key';
  remote.hostKey = fakeHostKey;
  remote.commands.push(
    ['speaks', { stdout: 'out\n', stderr: 'err\n', exitCode: 7 }],
    ['hangs', { afterwards: 'hang' }],
    ['dies', { signal: 'SIGKILL' }],
    ['breaks', { stdout: 'half', afterwards: 'lose' }],
  );
  return {
    remote: { connect: (to, options) => (to.port === 1 ? dead : remote).connect(to, options) },
    target,
    wrongKey: 'another',
    otherHostKey: 'ssh-ed25519 T1RIRVI=',
    deadTarget: { ...target, port: 1 },
    commands: { speaks: 'speaks', hangs: 'hangs', dies: 'dies', breaks: 'breaks' },
    read: async (path) => remote.files.get(path) ?? null,
    folder: '/tmp',
  };
});
