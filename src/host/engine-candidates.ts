import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

type Environment = Readonly<Partial<Record<string, string>>>;

/** A place where an engine may listen. */
export interface EngineCandidate {
  /** A URL: `unix:///path`, `tcp://host:port` or `ssh://…`. */
  readonly host: string;
  /** Where the address comes from, for a person: `DOCKER_HOST`, `Docker context 'x'`, `Colima`, … */
  readonly origin: string;
  /** Asked for by the user: when it does not answer, no other is taken in its place. */
  readonly explicit: boolean;
}

/** The engine address of a Docker context; `host` is null where the context has no readable endpoint. */
export interface DockerContext {
  readonly name: string;
  readonly host: string | null;
  /** Chosen by DOCKER_CONTEXT rather than by the CLI's configuration. */
  readonly explicit: boolean;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return null;
  }
}

/** A field of an unknown JSON value, by its path. */
function pick(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (current, key) => (typeof current === 'object' && current !== null ? (current as Record<string, unknown>)[key] : undefined),
    value,
  );
}

/**
 * The Docker context in use, read from the CLI's files so that no CLI is needed; null for the default context.
 * The layout (contexts/meta/<sha256 of the name>/meta.json) is docker/cli's cli/context/store.
 */
export async function readDockerContext(env: Environment, homeDir: string): Promise<DockerContext | null> {
  const configDir = env.DOCKER_CONFIG || join(homeDir, '.docker');
  const explicit = Boolean(env.DOCKER_CONTEXT);
  const name = env.DOCKER_CONTEXT || pick(await readJson(join(configDir, 'config.json')), 'currentContext');
  if (typeof name !== 'string' || name === '' || name === 'default') return null;
  const id = createHash('sha256').update(name).digest('hex');
  const host = pick(await readJson(join(configDir, 'contexts', 'meta', id, 'meta.json')), 'Endpoints', 'docker', 'Host');
  return { name, host: typeof host === 'string' && host !== '' ? host : null, explicit };
}

/** The profiles of Colima that exist, `default` first. */
export async function readColimaProfiles(env: Environment, homeDir: string): Promise<string[]> {
  const entries = await readdir(colimaDir(env, homeDir), { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('_')).map((entry) => entry.name);
  return names.sort((a, b) => Number(b === 'default') - Number(a === 'default') || a.localeCompare(b));
}

const colimaDir = (env: Environment, homeDir: string) => env.COLIMA_HOME || join(homeDir, '.colima');

export interface EngineCandidatesOptions {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly homeDir: string;
  readonly dockerContext?: DockerContext | null;
  readonly colimaProfiles?: readonly string[];
}

/**
 * Where to look for an engine, best first; pure.
 * An address that the user gave (DOCKER_HOST, then DOCKER_CONTEXT) is the only candidate.
 * On Linux a rootful Docker goes before rootless engines: NFS servers need capabilities that those can't give.
 */
export function engineCandidates(options: EngineCandidatesOptions): EngineCandidate[] {
  const { env, platform, homeDir, dockerContext = null, colimaProfiles = ['default'] } = options;
  if (env.DOCKER_HOST) return [{ host: env.DOCKER_HOST, origin: 'DOCKER_HOST', explicit: true }];
  const context: EngineCandidate[] = dockerContext
    ? [{ host: dockerContext.host ?? '', origin: `Docker context '${dockerContext.name}'`, explicit: dockerContext.explicit }]
    : [];
  if (dockerContext?.explicit) return context;

  const socket = (path: string, origin: string): EngineCandidate => ({ host: `unix://${path}`, origin, explicit: false });
  const desktop = [socket(join(homeDir, '.docker/run/docker.sock'), 'Docker Desktop')];
  const colima = colimaProfiles.map((profile) =>
    socket(join(colimaDir(env, homeDir), profile, 'docker.sock'), profile === 'default' ? 'Colima' : `Colima profile '${profile}'`),
  );
  const orbstack = [socket(join(homeDir, '.orbstack/run/docker.sock'), 'OrbStack')];
  const system = [socket('/var/run/docker.sock', 'Docker')];
  const machineDir = join(homeDir, '.local/share/containers/podman/machine');
  const podmanMachine = [
    ...(env.TMPDIR ? [socket(join(env.TMPDIR, 'podman/podman-machine-default-api.sock'), 'Podman machine')] : []),
    socket(join(machineDir, 'podman.sock'), 'Podman machine'),
    socket(join(machineDir, 'qemu/podman.sock'), 'Podman machine'),
  ];
  const runtimeDir = env.XDG_RUNTIME_DIR;
  const rootless = [
    ...(runtimeDir ? [socket(join(runtimeDir, 'docker.sock'), 'rootless Docker')] : []),
    socket('/run/podman/podman.sock', 'Podman'),
    ...(runtimeDir ? [socket(join(runtimeDir, 'podman/podman.sock'), 'rootless Podman')] : []),
  ];
  const all =
    platform === 'linux'
      ? [...context, ...desktop, ...colima, ...orbstack, ...system, ...rootless]
      : [...context, ...desktop, ...colima, ...orbstack, ...podmanMachine, ...system];
  return all.filter((candidate, index) => all.findIndex((other) => other.host === candidate.host) === index);
}
