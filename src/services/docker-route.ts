import { readFile } from 'node:fs/promises';
import { hostname, type NetworkInterfaceInfo, networkInterfaces, release } from 'node:os';
import type Docker from 'dockerode';
import type { ContainerRoute } from './types.ts';

/** What the engine says of where it runs: part of `GET /info`. */
export interface EngineHost {
  readonly Name?: string | undefined;
  readonly KernelVersion?: string | undefined;
  readonly SecurityOptions?: readonly string[] | null;
}

/** What it says of a container: part of `GET /containers/{id}/json`. */
export interface ContainerNetworks {
  readonly Id: string;
  readonly State: { readonly Pid: number };
  readonly NetworkSettings: {
    readonly Networks?: Readonly<Record<string, Partial<Pick<Docker.EndpointSettings, 'IPAddress' | 'Gateway'>>>> | null;
    readonly Ports?: Readonly<Record<string, readonly { readonly HostPort: string }[] | null>> | null;
  };
}

/** This host, in the same terms. */
export interface ThisHost {
  readonly platform: NodeJS.Platform;
  readonly hostname: string;
  readonly kernel: string;
  readonly interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>;
}

export const thisHost = (): ThisHost => ({ platform: process.platform, hostname: hostname(), kernel: release(), interfaces: networkInterfaces() });

/**
 * Whether the engine's bridges are this host's: not those of a VM (Docker Desktop, Podman machine), of a network namespace (rootless), or of
 * another machine, all of which may have a network of the same name and numbers.
 */
export function sharesNetwork(engine: EngineHost, { platform, hostname, kernel }: ThisHost): boolean {
  const isRootless = (engine.SecurityOptions ?? []).some((option) => option.includes('rootless'));
  return platform === 'linux' && engine.Name === hostname && engine.KernelVersion === kernel && !isRootless;
}

/** Whether a container's process is one of this host: its control groups have the container's name. False where /proc does not say. */
export async function runsHere({ Id, State }: Pick<ContainerNetworks, 'Id' | 'State'>, proc = '/proc'): Promise<boolean> {
  const groups = await readFile(`${proc}/${State.Pid}/cgroup`, 'utf8').catch(() => '');
  return groups.includes(Id);
}

/** Through the first of its networks whose bridge is one of this host's interfaces. */
export function routeOf({ NetworkSettings: { Networks, Ports } }: Pick<ContainerNetworks, 'NetworkSettings'>, { interfaces }: ThisHost): ContainerRoute | null {
  const own = new Set(Object.values(interfaces).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)));
  const network = Object.values(Networks ?? {}).find(({ IPAddress, Gateway }) => IPAddress && Gateway && own.has(Gateway));
  if (!network?.IPAddress) return null;
  const ports = Object.entries(Ports ?? {}).flatMap(([port, published]) =>
    (published ?? []).map(({ HostPort }): [number, number] => [Number(HostPort), Number.parseInt(port, 10)]),
  );
  return { host: network.IPAddress, ports: new Map(ports) };
}
