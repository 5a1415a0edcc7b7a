import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '../model/errors.ts';
import { type Deadlines, deadlinesOf, parseDuration } from './deadlines.ts';
import { instanceName, nfsPortsAfter, portOfInstance, sshPortsAfter } from './instance.ts';
import { instancesDir } from './vm-files.ts';

export { parseDuration } from './deadlines.ts';

export const nfsVersions = ['3', '4.0', '4.1', '4.2'] as const;
export type NfsVersion = (typeof nfsVersions)[number];
export type AcceleratorChoice = 'auto' | 'kvm' | 'hvf' | 'tcg';
export type SuiteChoice = 'auto' | 'nfstest' | 'bundled';
export type VmSource = 'auto' | 'alpine' | 'debian';
export type PcapChoice = 'always' | 'on-failure' | 'never';
export type TriageChoice = 'auto' | 'always' | 'never';
export type Builder = 'auto' | 'earthly' | 'engine';

/** A setting that may have been asked for (flag, environment) or be the default. */
export interface Setting<T> {
  readonly value: T;
  readonly explicit: boolean;
}

/** Everything a run needs to know from its user; validated. Paths are absolute, except git URLs. */
export interface Options {
  readonly imageName: Setting<string>;
  readonly imageTag: string;
  readonly serverSource: string;
  readonly serverConfig: string | null;
  readonly builder: Builder;
  readonly vmDir: string;
  /** Folder of image, key and saved VMs: the VM folder, but for an environment that stands beside another. */
  readonly imageDir: string;
  /** Name of an environment that stands beside the usual one; empty: the usual one. */
  readonly instance: string;
  readonly vmImage: Setting<string>;
  readonly cidata: Setting<string>;
  readonly memoryMiB: number;
  readonly cpus: number;
  /** Pairs of server and client VM that share the testcases; `auto`: as many as the machine has room for. */
  readonly lanes: number | 'auto';
  /** Number of the lane that these options are for, from 0; the first has the files and ports that the settings name. */
  readonly lane: number;
  readonly vmSource: VmSource;
  readonly alpine: { readonly version: string; readonly sha512: Readonly<Record<'x86_64' | 'aarch64', string>> };
  readonly accelerator: AcceleratorChoice;
  /** Boot the client VM even where a saved one fits. */
  readonly cold: boolean;
  readonly nfsPort: Setting<number>;
  readonly sshPort: Setting<number>;
  /** As typed; the suite's catalog resolves it. */
  readonly testcases: Setting<string>;
  /** The version under test; of several the one whose turn it is, at first the first. */
  readonly nfsVersion: NfsVersion;
  /** Every version that was selected, in the order given; not empty. */
  readonly nfsVersions: readonly NfsVersion[];
  readonly suite: SuiteChoice;
  /** Script of NFStest, for example `nfstest_posix`. */
  readonly suiteScript: string;
  readonly nfstestSource: string;
  readonly nfstestRepository: string;
  readonly nfstestTag: string;
  readonly timeoutMs: number;
  /** Of every other wait. */
  readonly deadlines: Deadlines;
  /** Put a lane that lost its client or server up anew and go on. */
  readonly recover: boolean | null;
  /** Whose captures are kept. */
  readonly pcap: PcapChoice;
  readonly runsDir: string;
  /** How many runs are kept. */
  readonly runsKeep: number;
  /** Longest log of a run, in bytes. */
  readonly logMaxBytes: number;
  /** Names of reporters, separated by commas, as typed. */
  readonly reporters: string;
  /** Where report files go; null: the run's folder. */
  readonly outputDir: string | null;
  /** A file of known failures, `none`, or empty for the server's. */
  readonly knownFailures: string;
  /** A known failure that passes makes the run fail. */
  readonly strict: boolean;
  /** When new failures are run again elsewhere. */
  readonly triage: TriageChoice;
  /** What was given by flag or environment, by key. */
  readonly given: Readonly<Record<string, string>>;
  /** Where clones and set-up logs go. */
  readonly buildDir: string;
}

/** Settings by their key in nfstest/defaults.mk; a flag's value under the same key. */
export type Values = Readonly<Record<string, string | undefined>>;

export interface OptionSources {
  readonly flags: Values;
  readonly environment: Values;
  readonly defaults: Values;
  /** Folder that relative paths start from. */
  readonly cwd: string;
}

/** Whether a source is a repository to clone; anything else is a folder. */
export const isGitUrl = (text: string) => /^(git|https?|ssh):\/\/|^git@/.test(text);

/** One setting as it was typed, not checked: flag, then environment, then default. */
export function settingOf(key: string, { flags, environment, defaults }: Omit<OptionSources, 'cwd'>): Setting<string> {
  const flag = flags[key];
  if (flag !== undefined) return { value: flag.trim(), explicit: true };
  const variable = environment[key];
  // make exports variables that were given as empty; they mean the default.
  if (variable !== undefined && variable.trim() !== '') return { value: variable.trim(), explicit: true };
  return { value: defaults[key] ?? '', explicit: false };
}

/** Resolves and checks every setting: flag, then environment, then default. Throws UserError. */
export function resolveOptions({ flags, environment, defaults, cwd }: OptionSources): Options {
  const pick = (key: string) => settingOf(key, { flags, environment, defaults });
  const given = Object.fromEntries(
    Object.keys(defaults).flatMap((key) => {
      const { value, explicit } = pick(key);
      return explicit ? [[key, value]] : [];
    }),
  );
  const path = (text: string) => (text === '' || isGitUrl(text) ? text : resolve(cwd, text));
  const port = (key: string): Setting<number> => {
    const { value, explicit } = pick(key);
    return { value: parsePort(key, value), explicit };
  };

  const serverSource = path(pick('SERVER_SRC').value);
  const imageDir = resolve(cwd, pick('VM_OUTPUT_DIR').value);
  const instance = instanceName(pick('INSTANCE').value);
  const vmDir = instance === '' ? imageDir : join(instancesDir(imageDir), instance);
  const file = (key: string): Setting<string> => {
    const { value, explicit } = pick(key);
    if (value === '') throw new UserError(`${key} is empty`, `give a file name, for example ${defaults[key] ?? 'vm.qcow2'}`);
    // A bare name lives in the VM's folder; anything with a slash is a file of the user's.
    return { value: value.includes('/') ? resolve(cwd, value) : join(imageDir, value), explicit };
  };
  const serverConfig = pick('SERVER_CONFIG').value;
  const versions = parseNfsVersions(pick('NFS_VERSION').value);
  const nfsPort = portOfInstance(instance, port('NFS_PORT'), nfsPortsAfter);
  const sshPort = portOfInstance(instance, port('SSH_PORT'), sshPortsAfter);
  if (nfsPort.value === sshPort.value) throw new UserError(`NFS_PORT and SSH_PORT are both ${nfsPort.value}`, 'give two different ports');

  return {
    imageName: imageName(pick('IMAGE_NAME'), { value: serverSource, explicit: pick('SERVER_SRC').explicit }),
    imageTag: imageTag(pick('IMAGE_TAG').value),
    serverSource,
    serverConfig: serverConfig === '' ? null : resolve(cwd, serverConfig),
    builder: oneOf('BUILDER', pick('BUILDER').value, ['auto', 'earthly', 'engine']),
    vmDir,
    imageDir,
    instance,
    vmImage: file('VM_IMAGE_NAME'),
    cidata: file('CIDATA_NAME'),
    memoryMiB: parseMemory(pick('VM_MEMORY').value),
    cpus: parseCount('VM_CPUS', pick('VM_CPUS').value, 64),
    lanes: pick('LANES').value === 'auto' ? 'auto' : parseCount('LANES', pick('LANES').value, 16),
    lane: 0,
    vmSource: oneOf('VM_SOURCE', pick('VM_SOURCE').value, ['auto', 'alpine', 'debian']),
    alpine: {
      version: pick('ALPINE_VERSION').value,
      sha512: { x86_64: pick('ALPINE_SHA512_X86_64').value, aarch64: pick('ALPINE_SHA512_AARCH64').value },
    },
    accelerator: oneOf('ACCEL', pick('ACCEL').value, ['auto', 'kvm', 'hvf', 'tcg']),
    cold: parseSwitch('COLD', pick('COLD').value),
    nfsPort,
    sshPort,
    testcases: pick('TESTCASE'),
    nfsVersion: versions[0],
    nfsVersions: versions,
    suite: oneOf('SUITE', pick('SUITE').value, ['auto', 'nfstest', 'bundled']),
    suiteScript: suiteScript(pick('SUITE_SCRIPT').value),
    nfstestSource: path(pick('NFSTEST_SRC').value),
    nfstestRepository: pick('NFSTEST_REPO').value,
    nfstestTag: pick('NFSTEST_TAG').value,
    timeoutMs: parseDuration(pick('TIMEOUT').value, 'TIMEOUT'),
    deadlines: deadlinesOf((key) => pick(key).value),
    recover: parseRecover(pick('RECOVER').value),
    pcap: oneOf('PCAP', pick('PCAP').value, ['always', 'on-failure', 'never']),
    runsDir: resolve(cwd, pick('RUNS_DIR').value),
    runsKeep: parseCount('RUNS_KEEP', pick('RUNS_KEEP').value, 1_000_000),
    logMaxBytes: parseSize('LOG_MAX', pick('LOG_MAX').value),
    reporters: pick('REPORTER').value,
    outputDir: pick('OUTPUT_DIR').value === '' ? null : resolve(cwd, pick('OUTPUT_DIR').value),
    knownFailures: ['', 'none'].includes(pick('KNOWN_FAILURES').value) ? pick('KNOWN_FAILURES').value : resolve(cwd, pick('KNOWN_FAILURES').value),
    strict: parseSwitch('STRICT', pick('STRICT').value),
    triage: parseTriage(pick('TRIAGE').value),
    given,
    buildDir: resolve(cwd, 'build'),
  };
}

/** The engine's rule for a repository name, registry host with port included. Source: distribution/reference, "reference.go". */
const repositoryName =
  /^((localhost(?=[:/])|[a-zA-Z0-9-]+(?=:)|[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+)(:\d+)?\/)?[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*(\/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*$/;

function imageName(setting: Setting<string>, source: Setting<string>): Setting<string> {
  if (setting.value === '' && setting.explicit) throw new UserError('the image name is empty', 'give one, for example --image-name ganesha');
  if (setting.value === '') {
    const hasSource = isGitUrl(source.value) || existsSync(join(source.value, 'Cargo.toml'));
    // Testing another server than the one that was named would be a false verdict.
    if (!hasSource && source.explicit) {
      throw new UserError(
        `SERVER_SRC ${source.value} holds no Cargo.toml`,
        'give a checkout or git URL of the server, or name another image with --image-name',
      );
    }
    return { value: hasSource ? 'arcticwolf' : 'ganesha', explicit: false };
  }
  if (!repositoryName.test(setting.value)) {
    throw new UserError(`'${setting.value}' is no image name`, 'use lower-case letters, digits and . _ - / between them; the tag goes into --image-tag');
  }
  return setting;
}

function imageTag(text: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(text)) throw new UserError(`'${text}' is no image tag`, 'use letters, digits and _ . -');
  return text;
}

function suiteScript(text: string): string {
  // It becomes part of a path and of a command.
  if (!/^nfstest_\w+$/.test(text)) throw new UserError(`'${text}' is no script of NFStest`, 'give its name, for example nfstest_posix or nfstest_lock');
  return text;
}

function oneOf<const T extends string>(key: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text.toLowerCase());
  if (found === undefined) throw new UserError(`${key} can't be '${text}'`, `use one of ${choices.join(', ')}`);
  return found;
}

function parseCount(key: string, text: string, most: number): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > most) throw new UserError(`${key} can't be '${text}'`, `use a number from 1 to ${most}`);
  return count;
}

function parseSwitch(key: string, text: string): boolean {
  if (!['', '0', '1'].includes(text)) throw new UserError(`${key} can't be '${text}'`, 'use 1 or 0');
  return text === '1';
}

const parseRecover = (text: string): boolean | null => (text === '' ? null : parseSwitch('RECOVER', text));

/** `1` and `0` are what it was before it had three choices. */
function parseTriage(text: string): TriageChoice {
  if (text === '') return 'auto';
  return text === '1' ? 'always' : text === '0' ? 'never' : oneOf('TRIAGE', text, ['auto', 'always', 'never']);
}

function parsePort(key: string, text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65535) throw new UserError(`${key}: '${text}' is no port`, 'use a number from 1 to 65535');
  return port;
}

/** `512M`, `1G`, `1.5G`, `512` (MiB) to MiB. */
export function parseMemory(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([MG])?(?:i?B)?$/i.exec(text);
  if (!match) throw new UserError(`'${text}' is no memory size`, 'use for example 512M or 1G');
  const mebibytes = Math.round(Number(match[1]) * (match[2]?.toUpperCase() === 'G' ? 1024 : 1));
  if (mebibytes < 256) throw new UserError(`${text} of memory is too little for the client VM`, 'give at least 256M; 512M is the default');
  if (mebibytes > 1024 * 1024) throw new UserError(`${text} of memory is more than can be meant`, 'use for example 512M or 1G');
  return mebibytes;
}

/** `64K`, `256M`, `1G` or a number of bytes, to bytes. */
export function parseSize(key: string, text: string): number {
  const match = /^(\d+)\s*([KMG])?(?:i?B)?$/i.exec(text);
  const factor = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[match?.[2]?.toUpperCase() ?? ''] ?? 1;
  const bytes = Number(match?.[1]) * factor;
  if (!(bytes >= 1024 && bytes <= 1024 ** 4)) throw new UserError(`${key} can't be '${text}'`, 'use a size from 1K to 1024G, for example 256M');
  return bytes;
}

export function parseNfsVersion(text: string): NfsVersion {
  const version = text.replace(/^v/, '');
  // Linux's `vers=4` leaves the minor version to negotiation; a test names what it tests.
  const found = nfsVersions.find((known) => known === (version === '4' ? '4.0' : version));
  if (found === undefined) throw new UserError(`'${text}' is no NFS version`, `use one of ${nfsVersions.join(', ')}`);
  return found;
}

/** `3,4.1`: versions separated by commas or blanks, each once, in the order given. */
export function parseNfsVersions(text: string): readonly [NfsVersion, ...NfsVersion[]] {
  const [first, ...others] = new Set(
    text
      .split(/[\s,]+/)
      .filter((word) => word !== '')
      .map(parseNfsVersion),
  );
  if (first === undefined) throw new UserError('no NFS version was selected', `use one or more of ${nfsVersions.join(', ')}, separated by commas`);
  return [first, ...others];
}
