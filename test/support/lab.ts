import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { environmentId } from '../../src/config/vm-files.ts';
import { resolveEngine } from '../../src/host/engine-socket.ts';
import { DockerEngineService } from '../../src/services/docker.ts';
import { labels } from '../../src/steps/labels.ts';
import { root, runCli } from './cli.ts';

/** Set by .ci/run: a machine that can't run the real tests is a failure there. */
const required = process.env.NFSTEST_TUI_REQUIRE_REAL === '1';

async function findTrouble(): Promise<string | null> {
  const { exitCode, stdout } = await runCli(['doctor', '--json']);
  if (exitCode === 0) return null;
  const { checks } = JSON.parse(stdout) as { checks: { title: string; status: string; detail: string }[] };
  return checks
    .filter(({ status }) => status === 'missing')
    .map(({ title, detail }) => `${title}: ${detail}`)
    .join('; ');
}

/** Why the real engine and VM can't be used here; null where they can. */
export const trouble = await findTrouble();
if (trouble !== null) {
  if (required) throw new Error(`the real tests are obligatory here and can't run: ${trouble}`);
  process.stderr.write(`SKIPPED, the real engine and VM can't be used: ${trouble}\n  → run \`make setup\`\n`);
}

/** The tests' own environment: a developer's, in build/nfstest/vm, is left alone. */
const vmDir = join(root, 'build', 'e2e', 'vm');

/** The image that `make nfstest` built serves the tests too, and is not built twice. */
async function shareImages(): Promise<void> {
  const source = join(root, 'build', 'nfstest', 'vm');
  await mkdir(vmDir, { recursive: true });
  if (existsSync(join(vmDir, 'vm.qcow2')) || !existsSync(join(source, 'vm.qcow2.json'))) return;
  for (const name of ['vm.qcow2', 'vmlinuz', 'initrd.img', 'vm.qcow2.json']) await link(join(source, name), join(vmDir, name)).catch(() => {});
}

/** Held all at once: the same one could be given twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

export interface Lab {
  readonly vmDir: string;
  readonly runsDir: string;
  readonly nfsPort: number;
  readonly sshPort: number;
  /** Flags that keep a run inside the lab. */
  readonly flags: readonly string[];
  /** The same for make. */
  readonly makeSettings: readonly string[];
  /** What of ours still exists: containers, sockets, overlays, processes. Empty is right. */
  leftovers(): Promise<readonly string[]>;
  /** Events of the newest run. */
  events(): Promise<readonly Record<string, unknown>[]>;
  summary(): Promise<Record<string, unknown>>;
}

/** An environment of its own for a test file. */
export async function openLab(): Promise<Lab> {
  await shareImages();
  const runsDir = join(root, 'build', 'e2e', 'runs');
  await rm(runsDir, { recursive: true, force: true });
  const [nfsPort = 0, sshPort = 0] = await freePorts(2);
  const flags = [`--vm-dir=${vmDir}`, `--runs-dir=${runsDir}`, `--port=${nfsPort}`, `--ssh-port=${sshPort}`, '--suite=bundled', '--image-name=ganesha'];
  const readLatest = (name: string) => readFile(join(runsDir, 'latest', name), 'utf8');
  const events = async () =>
    (await readLatest('events.ndjson'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const makeSettings = [`VM_OUTPUT_DIR=${vmDir}`, `RUNS_DIR=${runsDir}`, `NFS_PORT=${nfsPort}`, `SSH_PORT=${sshPort}`, 'SUITE=bundled', 'IMAGE_NAME=ganesha'];
  return {
    vmDir,
    makeSettings,
    runsDir,
    nfsPort,
    sshPort,
    flags,
    events,
    summary: async () => JSON.parse(await readLatest('summary.json')) as Record<string, unknown>,
    leftovers: async () => {
      const found: string[] = [];
      const { engine } = await resolveEngine();
      if (engine) {
        const containers = await new DockerEngineService(engine.host).listContainers(`${labels.environment}=${environmentId(vmDir)}`);
        found.push(...containers.map(({ name }) => `container ${name}`));
      }
      for (const name of ['qmp.sock', 'vm-test.qcow2', 'env.json', 'run.lock']) if (existsSync(join(vmDir, name))) found.push(name);
      const started = (await events().catch(() => [])).filter(({ type }) => type === 'vm.started');
      for (const { pid } of started) if (await isQemu(Number(pid))) found.push(`QEMU ${pid}`);
      return found;
    },
  };
}

/** A pid is given again: only a QEMU counts. */
async function isQemu(pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes('qemu-system');
}
