import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import tar from 'tar-fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveEngine } from '../src/host/engine-socket.ts';
import { processStartTime } from '../src/host/process.ts';
import { DockerEngineService } from '../src/services/docker.ts';
import { describeEngineContract } from '../src/services/engine.contract.ts';
import { never } from '../src/services/fake-signals.ts';
import { QemuVmService } from '../src/services/qemu/service.ts';
import type { VmSpec } from '../src/services/types.ts';
import { describeVmContract } from '../src/services/vm.contract.ts';
import { root, runCli } from './support/cli.ts';
import { openLab, trouble } from './support/lab.ts';

/** With the client's kernel, which the console's contract boots. */
const lab = trouble === null ? await openLab() : null;
if (lab) await runCli(['build', ...lab.flags]);

describe.skipIf(trouble)('the real services', () => {
  let dir: string;
  let engine: DockerEngineService;
  const image = `contract-shell-${process.pid}:1`;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'nfstest-tui-contract-'));
    const found = (await resolveEngine()).engine;
    engine = new DockerEngineService(found?.host ?? '');
    await importShell(engine, image, dir);
  });
  afterAll(async () => {
    await engine.removeImage(image);
    await rm(dir, { recursive: true, force: true });
  });

  describeEngineContract('DockerEngineService', async () => ({
    engine,
    image,
    isBridged: existsSync('/sys/class/net/docker0'),
    stays: ['/bin/sh', '-c', 'echo $GREETING; while :; do read x < /dev/zero; done'],
    ends: ['/bin/sh', '-c', 'echo bye; exit 3'],
    rootfs: () => tar.pack(join(dir, 'rootfs')) as unknown as NodeJS.ReadableStream,
  }));

  test('a program ends although its container goes on', async () => {
    const name = `contract-kept-${process.pid}`;
    const program = `
      import { DockerEngineService } from ${JSON.stringify(join(root, 'src', 'services', 'docker.ts'))};
      const engine = new DockerEngineService(${JSON.stringify((await engine.describe()).host)});
      const container = await engine.startContainer({ name: ${JSON.stringify(name)}, image: ${JSON.stringify(image)}, labels: {}, env: {}, capAdd: [], capDrop: [],
        command: ['/bin/sh', '-c', 'while :; do read x < /dev/zero; done'], seccomp: null, volumes: [], tmpfs: {}, stopSignal: 'SIGKILL', ports: [] },
        { signal: new AbortController().signal });
      void container.exited.then(() => console.log('ended'));`;
    try {
      const { exitCode, stdout } = await execa(process.execPath, ['--experimental-strip-types', '--no-warnings', '--input-type=module', '--eval', program], {
        timeout: 20_000,
      });
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    } finally {
      await (await engine.attachContainer(name))?.remove({ graceMs: 0 });
    }
  });

  const images = lab?.vmDir ?? '';
  const kernel = join(images, 'vmlinuz');
  let count = 0;
  const spec = async (): Promise<VmSpec> => {
    const file = (name: string) => join(dir, `${++count}-${name}`);
    const [overlay, cidata] = [file('disk.qcow2'), file('seed.img')];
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', overlay, '1M']);
    await execa('qemu-img', ['create', '-q', '-f', 'raw', cidata, '1M']);
    return {
      ...{ runId: 'contract', platform: process.platform, arch: process.arch, accelerators: ['tcg'], memoryMiB: 256, cpus: 1, overlay, cidata },
      ...{ kernel: null, firmware: null, sshPort: 42_000 + ((process.pid + count) % 10_000) },
      ...{ consoleLog: file('vm.log'), qemuLog: file('qemu.log'), qmpSocket: file('qmp.sock') },
      ...{ agentSocket: file('agent.sock'), suiteSocket: file('suite.sock'), hostKey: 'ssh-ed25519 AAAA', memoryFile: null, restoreFrom: null },
    };
  };
  describeVmContract('QemuVmService', async () => ({
    vms: new QemuVmService({ processes: { startTime: processStartTime } }),
    spec,
    brokenAccelerator: 'xen',
    boot: existsSync(kernel)
      ? {
          // Without a root disk the kernel panics, and QEMU ends instead of booting anew.
          spec: async () => {
            const append = `console=${process.arch === 'arm64' ? 'ttyAMA0' : 'ttyS0'} panic=-1 root=/dev/none`;
            return { ...(await spec()), kernel: { image: kernel, initrd: await emptyInitrd(dir), append } };
          },
          firstWords: 'Linux version',
          lastWords: 'Kernel panic',
        }
      : null,
  }));
});

/** The machine's own shell with its libraries: an image without a registry. */
async function importShell(engine: DockerEngineService, reference: string, dir: string): Promise<void> {
  const rootfs = join(dir, 'rootfs');
  const { stdout } = await execa('ldd', ['/bin/sh']);
  const libraries = [...stdout.matchAll(/(\/\S+)/g)].map((match) => match[1] ?? '');
  for (const path of ['/bin/sh', ...libraries]) await execa('install', ['-D', '-m', '755', path, join(rootfs, path)]);
  await engine.importImage(reference, tar.pack(rootfs) as unknown as NodeJS.ReadableStream, never);
}

/** QEMU wants a file; a kernel takes one that holds nothing for none. */
async function emptyInitrd(dir: string): Promise<string> {
  const path = join(dir, 'empty-initrd');
  await execa('truncate', ['--size=512', path]);
  return path;
}
