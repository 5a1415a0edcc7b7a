import type { ServerIdentity } from '../model/events.ts';
import type { VmRecord } from '../services/types.ts';

/** The server as another process needs it to run tests against it. */
export interface ServerRecord {
  readonly identity: ServerIdentity;
  readonly containerId: string;
  readonly containerName: string;
  /** The engine's id of the image; missing where an earlier version of this program started it. */
  readonly imageId?: string;
  readonly nfsPort: number;
  readonly mountPort: number;
  readonly export: string;
  readonly nfsVersions: readonly string[];
}

/** Which parts were left running on purpose. A part that was not is to be stopped by whoever started it, who is dead where nobody holds the lock. */
export interface KeptParts {
  readonly server: boolean;
  readonly vm: boolean;
}

/** env.json: the parts of an environment that exist. */
export interface EnvironmentRecord {
  readonly runId: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly server: ServerRecord | null;
  readonly vm: VmRecord | null;
  /** Digest of the suite that is in the VM; null: none is. */
  readonly suiteDigest: string | null;
  /** Release of the VM's kernel, where it has told it; missing where an earlier version of this program started it. */
  readonly kernel?: string | null;
  readonly kept: KeptParts;
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const areTexts = (value: Fields, names: readonly string[]) => names.every((name) => typeof value[name] === 'string');
const isPort = (value: unknown) => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;

function isServer(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.identity)) return false;
  const versions = value.nfsVersions;
  return (
    areTexts(value.identity, ['name', 'title', 'image']) &&
    areTexts(value, ['containerId', 'containerName', 'export']) &&
    isPort(value.nfsPort) &&
    isPort(value.mountPort) &&
    Array.isArray(versions) &&
    versions.every((version) => typeof version === 'string')
  );
}

/** Missing and null are sound: nobody knows it. */
const isHostKey = (value: unknown) => (value ?? null) === null || (typeof value === 'string' && /^ssh-ed25519 [A-Za-z0-9+/]+=*$/.test(value));

/** A pid of 0 or less would mean a group of processes, or all of them. */
const isVm = (value: unknown): boolean =>
  isObject(value) &&
  Number.isInteger(value.pid) &&
  Number(value.pid) > 0 &&
  areTexts(value, ['startTime', 'qmpSocket', 'consoleLog', 'accelerator']) &&
  isPort(value.sshPort) &&
  isHostKey(value.hostKey);

/** Earlier versions knew one word for both, and the first ones none, which wrote only what they left on purpose. Null where it is neither. */
function keptOf(value: unknown): KeptParts | null {
  if (value === undefined || typeof value === 'boolean') return { server: value ?? true, vm: value ?? true };
  if (!isObject(value) || typeof value.server !== 'boolean' || typeof value.vm !== 'boolean') return null;
  return { server: value.server, vm: value.vm };
}

/** The content of an env.json; null where it is none. What an earlier version of this program left out may be missing. */
export function environmentOf(value: unknown): EnvironmentRecord | null {
  if (!isObject(value) || !areTexts(value, ['runId', 'createdAt'])) return null;
  const { server, vm, suiteDigest = null, kernel = null } = value;
  const kept = keptOf(value.kept);
  const areTold = [suiteDigest, kernel].every((text) => text === null || typeof text === 'string');
  const sound = (server === null || isServer(server)) && (vm === null || isVm(vm)) && areTold;
  if (!sound || kept === null) return null;
  // What is not there is not kept.
  return { ...(value as unknown as EnvironmentRecord), kept: { server: kept.server && server !== null, vm: kept.vm && vm !== null } };
}

/** Parts that none of these environments, the lanes of one folder, keeps; also where nothing is written down of one that may run. */
export function unkeptParts(records: readonly (EnvironmentRecord | null)[]): KeptParts {
  const keeps = (part: keyof KeptParts) => records.some((record) => record?.kept[part] === true);
  return { server: !keeps('server'), vm: !keeps('vm') };
}
