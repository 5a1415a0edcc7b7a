import { existsSync } from 'node:fs';
import type { Options } from './config/options.ts';
import { asset } from './config/paths.ts';
import { vmFiles } from './config/vm-files.ts';
import { currentVerdictKey, rememberVerdict } from './host/accelerator-memory.ts';
import { chooseAccelerator, qemuVersion } from './host/choose-accelerator.ts';
import { engineError, resolveEngine } from './host/engine-socket.ts';
import { PortClaims } from './host/port-claims.ts';
import { findFreePort, isPortFree, portHolder } from './host/ports.ts';
import { processStartTime } from './host/process.ts';
import { qemuBinaryFor } from './host/tools.ts';
import { DockerEngineService } from './services/docker.ts';
import { EarthlyCliService } from './services/earthly.ts';
import { GitSourceService } from './services/git.ts';
import { ToolVmImageService } from './services/images.ts';
import { TcpProbeService } from './services/probe.ts';
import { findFirmware } from './services/qemu/firmware.ts';
import { QemuVmService } from './services/qemu/service.ts';
import { Ssh2RemoteService } from './services/ssh.ts';
import { TsharkDecoder } from './services/tshark.ts';
import type { EngineService, PortService, ProcessTable, WatchService } from './services/types.ts';
import { ChokidarWatchService } from './services/watch.ts';
import type { LaneServices } from './steps/lane-settings.ts';
import type { PreparationServices } from './steps/preparation.ts';
import { provisionImage } from './steps/provision.ts';

export type Services = LaneServices & PreparationServices;

export const processes: ProcessTable = { startTime: processStartTime };

const claims = new PortClaims();
const claim = (port: number) => claims.claim(port);
const ports: PortService = { isFree: isPortFree, claim, findFree: (options) => findFreePort({ ...options, claim }), holder: portHolder };

/** The engine that answers; throws EnvironmentError saying which were tried. */
export async function openEngine(settings: { readonly callMs?: number } = {}): Promise<EngineService> {
  const { engine, tried } = await resolveEngine();
  if (engine === null) throw engineError(tried);
  return new DockerEngineService(engine.host, settings);
}

export const openVms = (): QemuVmService => new QemuVmService({ processes });

export const openWatches = (): WatchService => new ChokidarWatchService();

/** All real services: the composition root. */
export async function openServices(options: Options): Promise<Services> {
  const { engineMs, answerMs } = options.deadlines;
  const engine = await openEngine({ callMs: engineMs });
  const images = new ToolVmImageService({ recipe: asset('vm', 'debian-rootfs.sh') });
  const vms = openVms();
  const remote = new Ssh2RemoteService({ answerMs });
  const qemuBinary = qemuBinaryFor(process.arch);
  const files = vmFiles(options);
  let unprovenKey: string | null = null;
  const boot = {
    vms,
    images,
    ports,
    remote,
    processes,
    qemuVersion: () => qemuVersion(qemuBinary),
    firmware: () => findFirmware(process.arch),
    accelerators: async ({ signal, report }) => {
      const kernels = [files.vmlinuz].filter((path) => existsSync(path));
      const choice = await chooseAccelerator({ qemuBinary, requested: options.accelerator, verdictFile: files.accelerators, kernels, signal });
      for (const { accelerator, reason } of choice.rejected) {
        report({ type: 'note.reported', level: 'info', message: `${accelerator} does not work here (${reason}); using ${choice.accelerator}` });
      }
      unprovenKey = choice.works === 'unknown' ? choice.verdictKey : null;
      // Nothing speaks against it, and no guest has proved it: the boot is watched.
      const unproven = choice.works === 'unknown' && options.accelerator === 'auto';
      return unproven ? [choice.accelerator, 'tcg'] : [choice.accelerator];
    },
    onBooted: async (accelerator) => {
      if (accelerator === 'tcg') {
        // The boot fell back: the next one need not try again.
        if (unprovenKey !== null) await rememberVerdict(files.accelerators, unprovenKey, { works: false, reason: 'a client VM showed no life with it' });
        return;
      }
      const key = await currentVerdictKey(accelerator as 'kvm' | 'hvf', await qemuVersion(qemuBinary));
      await rememberVerdict(files.accelerators, key, { works: true, reason: 'a client VM has booted with it' });
    },
  } satisfies Partial<LaneServices>;
  return {
    ...boot,
    engine,
    decoder: new TsharkDecoder(),
    probe: new TcpProbeService(),
    sources: new GitSourceService(),
    earthly: new EarthlyCliService(),
    provision: (image, seed, key, context) => provisionImage({ options, image, seed, key }, boot, context),
  };
}
