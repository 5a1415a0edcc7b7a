import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Options } from '../config/options.ts';
import { asset } from '../config/paths.ts';
import { findRecipe } from '../config/server-recipe.ts';
import { sshArguments, vmFiles } from '../config/vm-files.ts';
import { acceleratorCandidates, readAcceleratorFacts } from '../host/accelerator.ts';
import { currentVerdictKey, readVerdict } from '../host/accelerator-memory.ts';
import { qemuVersion } from '../host/choose-accelerator.ts';
import { qemuBinaryFor } from '../host/tools.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { shellQuote } from '../model/shell-quote.ts';
import { formatCommandLine, qemuCommandLine } from '../services/qemu/command-line.ts';
import { findFirmware } from '../services/qemu/firmware.ts';
import type { ContainerSpec } from '../services/types.ts';
import { clientPaths, suiteCommand } from '../steps/client.ts';
import { hostKeyInSeed } from '../steps/host-key.ts';
import { containerName, containerSpec } from '../steps/server.ts';
import { hostSeenByGuest } from '../steps/server-endpoint.ts';
import { vmSpec } from '../steps/vm.ts';
import { isOwnSeed } from '../steps/vm-image.ts';
import { mountCommand } from '../suite/command-line.ts';
import { identityOf } from './check-request.ts';
import type { RunRequest } from './open-run.ts';
import { selectedTestcases } from './testcases.ts';
import type { CommandInput } from './types.ts';

/** Prints what a run would do, as commands that can be repeated by hand, without touching anything. */
export async function runDryRun({ options, switches, write }: CommandInput, { goal, parts }: Pick<RunRequest, 'goal' | 'parts'>): Promise<ExitCode> {
  const testcases = goal === 'tests' ? await selectedTestcases(options) : [];
  const recipe = findRecipe(options.imageName.value, options.serverConfig);
  const identity = identityOf(options, recipe);
  const nfsPort = options.nfsPort.value;
  const mountPort = recipe.mountPort === recipe.nfsPort ? nfsPort : nfsPort + 1;
  const files = vmFiles(options);
  const accelerator = await likelyAccelerator(options.accelerator, files.accelerators);
  const container = containerSpec({ runId: 'RUN', options, recipe, imageId: identity.image }, containerName(options), nfsPort, mountPort);
  const givenImage = options.vmImage.explicit && existsSync(options.vmImage.value) && !existsSync(`${options.vmImage.value}.json`);
  const console = process.arch === 'arm64' ? 'ttyAMA0' : 'ttyS0';
  const kernel =
    givenImage || options.vmSource === 'alpine' ? null : { image: files.vmlinuz, initrd: files.initrd, append: `root=/dev/vda rw console=${console}` };
  const image = { disk: options.vmImage.value, kernel, title: '', needsProvisioning: false };
  const spec = vmSpec(
    { runId: 'RUN', options, platform: process.platform, arch: process.arch, image, cidata: options.cidata.value, hostKey: null },
    [accelerator],
    options.sshPort.value,
    await findFirmware(process.arch),
  );
  const isPinned = isOwnSeed(options) || hostKeyInSeed(await readFile(options.cidata.value).catch(() => Buffer.alloc(0))) !== null;
  const qemu = qemuCommandLine({ ...spec, accelerator });
  const server = { host: hostSeenByGuest, nfsPort, mountPort, export: recipe.export };
  const { nfsVersion } = options;
  const mount = { server: server.host, port: nfsPort, mountPort, export: server.export, nfsVersion, mountPoint: clientPaths.mountPoint };
  const suite = {
    identity: { kind: options.suite === 'bundled' ? ('bundled' as const) : ('nfstest' as const), version: null, source: '' },
    dir: asset('suite'),
  };
  const plan = {
    server: identity,
    build: recipe.build === null ? null : { dockerfile: `${recipe.dir}/Dockerfile`, context: recipe.build.context === '.' ? recipe.dir : options.serverSource },
    container: engineCommand(container, recipe.engine.seccompProfile === null ? null : `${recipe.dir}/${recipe.engine.seccompProfile}`),
    overlay: ['qemu-img', 'create', '-f', 'qcow2', '-F', 'qcow2', '-b', image.disk, files.overlay].map(shellQuote).join(' '),
    qemu: formatCommandLine(qemu),
    ssh: ['ssh', ...sshArguments(files, options.sshPort.value, isPinned)].map(shellQuote).join(' '),
    mount: mountCommand(mount),
    suite: testcases.length > 0 ? suiteCommand({ suite, server, options, testcases, emulated: accelerator === 'tcg' }) : null,
  };
  if (switches.has('json')) write(`${JSON.stringify(plan, null, 2)}\n`);
  else write(render(plan, parts));
  return ExitCode.passed;
}

/** The accelerator that a run would take: the first that is not known to fail. Nothing is probed. */
async function likelyAccelerator(requested: Options['accelerator'], memory: string): Promise<string> {
  const facts = await readAcceleratorFacts();
  const version = await qemuVersion(qemuBinaryFor(process.arch)).catch(() => '');
  for (const candidate of acceleratorCandidates({ facts, hostArch: process.arch, guestArch: process.arch, requested })) {
    const verdict = await readVerdict(memory, await currentVerdictKey(candidate, version));
    if (verdict?.works !== false) return candidate;
  }
  return 'tcg';
}

type Plan = { readonly server: { title: string; image: string }; readonly build: { dockerfile: string; context: string } | null } & Readonly<
  Record<'container' | 'overlay' | 'qemu' | 'ssh' | 'mount', string>
> & { readonly suite: string | null };

function render(plan: Plan, parts: RunRequest['parts']): string {
  const lines = [
    `# Nothing is built or started. Ports that are taken are replaced by free ones; a useless accelerator by tcg.`,
    ...(parts.server && plan.suite !== null
      ? [`# Where this host reaches the container, its own address and ports take the place of ${hostSeenByGuest} and the host's.`]
      : []),
    ...(parts.server
      ? [
          `# server: ${plan.server.title} (${plan.server.image})`,
          ...(plan.build ? [`docker build -t ${plan.server.image} -f ${shellQuote(plan.build.dockerfile)} ${shellQuote(plan.build.context)}`] : []),
          plan.container,
        ]
      : []),
    ...(parts.vm ? ['# client VM', plan.overlay, plan.qemu, plan.ssh] : []),
    ...(plan.suite === null ? [] : ['# in the client VM: the mount that the suite makes, and the suite', plan.mount, plan.suite]),
  ];
  return `${lines.join('\n')}\n`;
}

/** The engine call as `docker run` would have it. */
function engineCommand(spec: ContainerSpec, seccompFile: string | null): string {
  const words = [
    ...['docker', 'run', '--detach', '--name', spec.name],
    ...spec.capDrop.flatMap((name) => ['--cap-drop', name]),
    ...spec.capAdd.flatMap((name) => ['--cap-add', name]),
    ...(spec.newPrivileges ? [] : ['--security-opt', 'no-new-privileges']),
    ...(seccompFile === null ? [] : ['--security-opt', `seccomp=${seccompFile}`]),
    ...spec.volumes.flatMap((path) => ['--volume', path]),
    ...Object.entries(spec.tmpfs).flatMap(([path, options]) => ['--tmpfs', options === '' ? path : `${path}:${options}`]),
    ...Object.entries(spec.env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...spec.ports.flatMap((port) => ['--publish', `${port.hostAddress}:${port.hostPort}:${port.containerPort}`]),
    spec.image,
    ...spec.command,
  ];
  return words.map(shellQuote).join(' ');
}
