import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EnvironmentError, messageOf, UserError } from '../model/errors.ts';
import { nfsVersions } from './options.ts';
import { asset } from './paths.ts';

/** A base image, and how to make it from Debian packages where no registry answers. */
export interface BaseImage {
  readonly image: string;
  readonly debianSuite: string;
  readonly packages: readonly string[];
}

/** server.json: how an NFS server's image is built and run. Documented in nfstest/servers/README.md. */
export interface ServerRecipe {
  /** Folder of server.json and, where the image is built, its Dockerfile. */
  readonly dir: string;
  readonly title: string;
  readonly description: string;
  /** TCP ports inside the container. */
  readonly nfsPort: number;
  readonly mountPort: number;
  readonly export: string;
  readonly nfsVersions: readonly string[];
  readonly readiness: { readonly logPattern: string | null; readonly timeoutSeconds: number };
  /** Null: the image comes from elsewhere. */
  readonly build: {
    /** `.`: the recipe's folder; `SERVER_SRC`: the checkout the user gave. */
    readonly context: '.' | 'SERVER_SRC';
    readonly args: Readonly<Record<string, string>>;
    /** Dockerfile ARG name to base image. */
    readonly baseImages: Readonly<Record<string, BaseImage>>;
  } | null;
  readonly engine: {
    readonly capAdd: readonly string[];
    readonly capDrop: readonly string[];
    readonly seccompProfile: string | null;
    readonly volumes: readonly string[];
    readonly tmpfs: Readonly<Record<string, string>>;
    readonly env: Readonly<Record<string, string>>;
    readonly command: readonly string[];
    readonly stopSignal: string;
    /** The server may gain privileges by setuid programs or file capabilities. */
    readonly newPrivileges: boolean;
  };
}

/** What an image without a server.json is taken for. */
const unknownServer = (name: string): ServerRecipe => ({
  dir: '',
  title: name,
  description: 'an image of your own',
  nfsPort: 4000,
  mountPort: 4000,
  export: '/',
  nfsVersions: ['3', '4.0', '4.1', '4.2'],
  readiness: { logPattern: null, timeoutSeconds: 60 },
  build: null,
  engine: { capAdd: [], capDrop: [], seccompProfile: null, volumes: [], tmpfs: {}, env: {}, command: [], stopSignal: 'SIGTERM', newPrivileges: false },
});

/**
 * What a file server that acts for other users needs, whatever it is: the engine's default set without raw sockets, chroot,
 * audit, signals to others and the right to give capabilities away.
 */
const fileServerCapabilities = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'MKNOD', 'NET_BIND_SERVICE', 'SETGID', 'SETUID'];

const capability = (name: string): string => name.toUpperCase().replace(/^CAP_/, '');

/** The capabilities that a server runs with; it has no others. A recipe that drops `ALL` has those that it adds, and no more. */
export function capabilitiesOf({ capAdd, capDrop }: Pick<ServerRecipe['engine'], 'capAdd' | 'capDrop'>): readonly string[] {
  const dropped = capDrop.map(capability);
  const kept = dropped.includes('ALL') ? [] : fileServerCapabilities.filter((name) => !dropped.includes(name));
  return [...new Set([...kept, ...capAdd.map(capability)])].sort();
}

/** Names of the bundled recipes. */
export const recipeNames = (): string[] =>
  readdirSync(asset('servers'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(asset('servers', entry.name, 'server.json')))
    .map((entry) => entry.name)
    .sort();

/** The recipe for an image: `configFile`, else the bundled one of that name, else a guess for an unknown image. Throws UserError. */
export function findRecipe(imageName: string, configFile: string | null): ServerRecipe {
  const file = configFile ?? asset('servers', imageName, 'server.json');
  if (configFile === null && !existsSync(file)) return unknownServer(imageName);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`can't read ${file}: ${messageOf(error)}`, 'give the path of a server.json; nfstest/servers/ has examples', { cause: error });
  }
  const recipe = parseRecipe(text, file);
  return existsSync(join(recipe.dir, 'Dockerfile')) ? recipe : { ...recipe, build: null };
}

/** Checks the text of a server.json. Throws UserError naming the field. */
export function parseRecipe(text: string, file: string): ServerRecipe {
  const wrong = (what: string) => new UserError(`${file}: ${what}`, 'see nfstest/servers/README.md for the fields of a server.json');
  let json: Partial<ServerRecipe>;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw wrong(messageOf(error));
  }
  if (typeof json !== 'object' || json === null) throw wrong('is no JSON object');
  const guess = unknownServer('');
  for (const key of ['nfsPort', 'mountPort'] as const) {
    const port = json[key];
    if (!Number.isInteger(port) || Number(port) < 1 || Number(port) > 65535) throw wrong(`"${key}" must be a port number`);
  }
  if (typeof json.export !== 'string' || !json.export.startsWith('/')) throw wrong('"export" must be an absolute path');
  const versions: unknown = json.nfsVersions;
  if (!isTextList(versions) || versions.length === 0 || versions.some((version) => !nfsVersions.some((known) => known === version))) {
    throw wrong(`"nfsVersions" must list some of ${nfsVersions.join(', ')}, as text`);
  }
  for (const key of ['build', 'engine', 'readiness'] as const) {
    const part: unknown = json[key] ?? {};
    if (typeof part !== 'object' || Array.isArray(part)) throw wrong(`"${key}" must be an object`);
  }
  for (const key of ['title', 'description'] as const) {
    if (!isOptionalText(json[key])) throw wrong(`"${key}" must be a text`);
  }
  for (const key of ['seccompProfile', 'stopSignal'] as const) {
    if (!isOptionalText(json.engine?.[key])) throw wrong(`"engine.${key}" must be a text`);
  }
  if (!isOptionalText(json.readiness?.logPattern)) throw wrong('"readiness.logPattern" must be a text or null');
  if (!isTextMap(json.build?.args ?? {})) throw wrong('"build.args" must map names to texts');
  if (!isBaseImages(json.build?.baseImages ?? {})) throw wrong('"build.baseImages" must map names to image, debianSuite and packages');
  if (json.build && !['.', 'SERVER_SRC'].includes(json.build.context)) throw wrong('"build.context" must be "." or "SERVER_SRC"');
  for (const key of ['capAdd', 'capDrop', 'volumes', 'command'] as const) {
    if (!isTextList(json.engine?.[key] ?? [])) throw wrong(`"engine.${key}" must be a list of texts`);
  }
  for (const key of ['env', 'tmpfs'] as const) {
    if (!isTextMap(json.engine?.[key] ?? {})) throw wrong(`"engine.${key}" must map names to texts`);
  }
  if (!['boolean', 'undefined'].includes(typeof json.engine?.newPrivileges)) throw wrong('"engine.newPrivileges" must be true or false');
  const seconds: unknown = json.readiness?.timeoutSeconds ?? 1;
  if (typeof seconds !== 'number' || !(seconds > 0)) throw wrong('"readiness.timeoutSeconds" must be a number of seconds');
  const pattern = json.readiness?.logPattern;
  if (pattern) {
    try {
      new RegExp(pattern);
    } catch (error) {
      throw wrong(`"readiness.logPattern": ${messageOf(error)}`);
    }
  }
  // Null stands for what is left out.
  const given = <T extends object>(part: T): Partial<T> => Object.fromEntries(Object.entries(part).filter(([, entry]) => entry !== null)) as Partial<T>;
  return {
    ...guess,
    ...given(json),
    title: json.title ?? 'NFS server',
    dir: dirname(file),
    readiness: { ...guess.readiness, ...given(json.readiness ?? {}) },
    build: json.build ? { ...json.build, args: json.build.args ?? {}, baseImages: json.build.baseImages ?? {} } : null,
    engine: { ...guess.engine, ...given(json.engine ?? {}) },
  };
}

const isTextList = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((entry) => typeof entry === 'string');
const isTextMap = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value) && isTextList(Object.values(value));

const isOptionalText = (value: unknown): boolean => value === undefined || value === null || typeof value === 'string';
const isBaseImages = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every(
    (base: Partial<BaseImage> | null) => typeof base?.image === 'string' && typeof base.debianSuite === 'string' && isTextList(base.packages),
  );

/** The text of a recipe's seccomp profile. */
export function readSeccompProfile(recipe: ServerRecipe): string | null {
  if (recipe.engine.seccompProfile === null) return null;
  const file = join(recipe.dir, recipe.engine.seccompProfile);
  try {
    return JSON.stringify(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new EnvironmentError(`can't read the seccomp profile ${file}: ${messageOf(error)}`, 'mend the file or remove it from server.json', { cause: error });
  }
}
