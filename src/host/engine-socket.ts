import { request } from 'node:http';
import { homedir } from 'node:os';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import { type EngineCandidate, engineCandidates, readColimaProfiles, readDockerContext } from './engine-candidates.ts';

/** A container engine that answered. */
export interface Engine {
  /** Its URL: `unix:///path` or `tcp://host:port`. */
  readonly host: string;
  readonly origin: string;
  readonly name: 'Docker' | 'Podman';
  readonly version: string;
  readonly apiVersion: string;
  /** For example `overlay2`; null where it did not say. */
  readonly storageDriver: string | null;
  /** Its data folder as it sees it; on macOS that is inside its own VM. */
  readonly dataDir: string | null;
  /** False for a TCP address on another machine, whose published ports are not on this one. */
  readonly isLocal: boolean;
}

/** An address that was tried without success. */
export interface EngineAttempt extends EngineCandidate {
  /** Why it failed, for example `permission denied`. */
  readonly reason: string;
  /** What to do about it; null where starting an engine is all there is. */
  readonly hint: string | null;
}

export interface EngineResolution {
  readonly engine: Engine | null;
  /** What failed before, in order. */
  readonly tried: readonly EngineAttempt[];
}

/** Where to connect, or why not. */
type Endpoint = { readonly socketPath: string } | { readonly hostname: string; readonly port: number } | { readonly unsupported: string };

/** Understands the addresses of DOCKER_HOST. */
export function parseEngineHost(host: string, env: Readonly<Partial<Record<string, string>>>): Endpoint {
  if (host === '') return { unsupported: 'the context has no engine address' };
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) };
  if (host.startsWith('/')) return { socketPath: host };
  const match = /^(?:tcp|http):\/\/(?:\[([^\]]+)\]|([^:/[\]]+))(?::(\d+))?\/?$/.exec(host);
  if (match) {
    if (env.DOCKER_TLS_VERIFY || env.DOCKER_TLS) return { unsupported: 'TLS to the engine is not supported' };
    return { hostname: match[1] ?? match[2] ?? '', port: Number(match[3] ?? 2375) };
  }
  const scheme = /^([a-z]+):\/\//.exec(host)?.[1];
  return { unsupported: scheme && scheme !== 'tcp' ? `${scheme}:// is not supported` : `'${host}' is no engine address` };
}

/** One GET with a deadline over the whole exchange; rejects on anything but status 200. */
async function get(endpoint: Exclude<Endpoint, { unsupported: string }>, path: string, deadlineMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...endpoint, path, agent: false, headers: { host: 'localhost' } }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
        if (body.length > 4_000_000) outgoing.destroy(new Error('the answer is too long'));
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`it answered ${path} with status ${response.statusCode}`));
      });
    });
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${deadlineMs / 1000} s`)), deadlineMs);
    outgoing.on('error', reject);
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.end();
  });
}

const unsupportedHint = 'Use an engine on this machine: unset DOCKER_HOST and DOCKER_CONTEXT, or give them a unix:// address.';

/** Words for a connection's error code. */
function explain(error: unknown): { readonly reason: string; readonly hint: string | null } {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return { reason: 'no such socket', hint: null };
    case 'ECONNREFUSED':
      return { reason: 'nothing listens there', hint: null };
    case 'EACCES':
    case 'EPERM':
      return {
        reason: 'permission denied',
        hint: 'Run nfstest-tui setup, or add yourself to the docker group (sudo usermod -aG docker "$USER") and log in again.',
      };
    default:
      return { reason: messageOf(error), hint: null };
  }
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

/** Asks one address; deadline in ms for each of its requests. */
export async function askEngine(
  candidate: EngineCandidate,
  env: Readonly<Partial<Record<string, string>>> = process.env,
  deadlineMs = 2000,
): Promise<Engine | EngineAttempt> {
  const endpoint = parseEngineHost(candidate.host, env);
  if ('unsupported' in endpoint) return { ...candidate, reason: endpoint.unsupported, hint: unsupportedHint };
  try {
    await get(endpoint, '/_ping', deadlineMs);
    const version = JSON.parse(await get(endpoint, '/version', deadlineMs)) as Record<string, unknown>;
    // Only for the report: an engine that is busy may take its time.
    const info = await get(endpoint, '/info', deadlineMs).then(
      (body) => JSON.parse(body) as Record<string, unknown>,
      () => ({}) as Record<string, unknown>,
    );
    const components = Array.isArray(version.Components) ? version.Components : [];
    return {
      host: 'socketPath' in endpoint ? `unix://${endpoint.socketPath}` : candidate.host,
      origin: candidate.origin,
      name: components.some((component) => text(component?.Name)?.includes('Podman')) ? 'Podman' : 'Docker',
      version: text(version.Version) ?? 'unknown',
      apiVersion: text(version.ApiVersion) ?? 'unknown',
      storageDriver: text(info.Driver),
      dataDir: text(info.DockerRootDir),
      isLocal: 'socketPath' in endpoint || /^(localhost|127\..*|::1)$/.test(endpoint.hostname),
    };
  } catch (error) {
    return { ...candidate, ...explain(error) };
  }
}

export interface ResolveEngineOptions {
  readonly env?: Readonly<Partial<Record<string, string>>>;
  readonly platform?: NodeJS.Platform;
  readonly homeDir?: string;
  /** For each request. */
  readonly deadlineMs?: number;
}

/** The first engine that answers, and what was tried before. */
export async function resolveEngine(options: ResolveEngineOptions = {}): Promise<EngineResolution> {
  const { env = process.env, platform = process.platform, homeDir = homedir(), deadlineMs = 2000 } = options;
  const candidates = engineCandidates({
    env,
    platform,
    homeDir,
    dockerContext: await readDockerContext(env, homeDir),
    colimaProfiles: await readColimaProfiles(env, homeDir),
  });
  const tried: EngineAttempt[] = [];
  for (const candidate of candidates) {
    const answer = await askEngine(candidate, env, deadlineMs);
    if ('version' in answer) return { engine: answer, tried };
    tried.push(answer);
  }
  return { engine: null, tried };
}

/** The failure of a resolution, in one line each for what and what next. */
export function engineError(tried: readonly EngineAttempt[]): EnvironmentError {
  const explicit = tried.find((attempt) => attempt.explicit);
  if (explicit) {
    const where = explicit.host === '' ? explicit.origin : `${explicit.origin} (${explicit.host})`;
    return new EnvironmentError(
      `the engine of ${where} does not answer: ${explicit.reason}`,
      explicit.hint ?? 'Start that engine, or unset the variable to use the one on this machine.',
    );
  }
  // A socket that is there says more than a list of those that are not.
  const present = tried.filter((attempt) => attempt.reason !== 'no such socket');
  const list = present.map((attempt) => `${attempt.host}: ${attempt.reason}`).join('; ');
  const hint = present.find((attempt) => attempt.hint !== null)?.hint ?? 'Run: nfstest-tui setup';
  return new EnvironmentError(`no container engine answers${list === '' ? '' : ` (${list})`}`, hint);
}
