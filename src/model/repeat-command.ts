import { redactCredentials } from './redact.ts';
import { shellQuote } from './shell-quote.ts';

/**
 * The settings that decide what is tested, and how, by their key in nfstest/defaults.mk, with their flags. What a run itself tells
 * (image, version, suite, testcases) is taken from there.
 */
export const repeatedSettings: Readonly<Record<string, string>> = {
  SERVER_SRC: 'server-src',
  SERVER_CONFIG: 'server-config',
  BUILDER: 'builder',
  KNOWN_FAILURES: 'known-failures',
  STRICT: 'strict',
  TRIAGE: 'triage',
  TIMEOUT: 'timeout',
  DOWNLOAD_TIMEOUT: 'download-timeout',
  BUILD_TIMEOUT: 'build-timeout',
  BOOT_TIMEOUT: 'boot-timeout',
  CONNECT_TIMEOUT: 'connect-timeout',
  SERVER_TIMEOUT: 'server-timeout',
  SILENCE_TIMEOUT: 'silence-timeout',
  ANSWER_TIMEOUT: 'answer-timeout',
  ENGINE_TIMEOUT: 'engine-timeout',
  RUN_TIMEOUT: 'run-timeout',
  RECOVER: 'recover',
  PCAP: 'pcap',
  LANES: 'lanes',
  COLD: 'cold',
  VM_MEMORY: 'memory',
  VM_CPUS: 'cpus',
  VM_SOURCE: 'vm-source',
  VM_IMAGE_NAME: 'vm-image',
  CIDATA_NAME: 'cidata',
  ACCEL: 'accel',
  VM_OUTPUT_DIR: 'vm-dir',
};

/** Settings that say where something is kept, shown or listened to: a repetition has the same result without them. */
export const placeSettings: readonly string[] = ['INSTANCE', 'NFS_PORT', 'SSH_PORT', 'LANE', 'RUNS_DIR', 'RUNS_KEEP', 'LOG_MAX', 'REPORTER', 'OUTPUT_DIR'];

/** Settings without a flag, which a command has in its environment. */
const variables: readonly string[] = ['NFSTEST_REPO', 'NFSTEST_TAG', 'ALPINE_VERSION', 'ALPINE_SHA512_X86_64', 'ALPINE_SHA512_AARCH64'];

/** Those that are switched on by their flag alone. */
const switches: ReadonlySet<string> = new Set(['STRICT', 'COLD']);

/** What is repeated. */
export interface Repetition {
  readonly imageName: string;
  readonly imageTag: string;
  /** In their order; one for most. */
  readonly nfsVersions: readonly string[];
  /** `auto` where it was not decided. */
  readonly suite: string;
  /** Null: the usual one. */
  readonly script: string | null;
  /** Null where the suite is found as usual. */
  readonly nfstestSource: string | null;
  readonly testcases: readonly string[];
  /** Settings that were given, by key. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A shell command that repeats a run, with every setting that was given and decides what is tested. Paths are as they were given. */
export function repeatCommand({ imageName, imageTag, nfsVersions, suite, script, nfstestSource, testcases, settings }: Repetition): string {
  const given = Object.entries(repeatedSettings).flatMap(([key, flag]) => {
    const value = settings[key];
    if (value === undefined) return [];
    if (!switches.has(key)) return [`--${flag}=${value}`];
    return value === '1' ? [`--${flag}`] : [];
  });
  const quote = (word: string) => shellQuote(redactCredentials(word));
  const words = [
    ...['nfstest-tui', '--ci', `--image-name=${imageName}`],
    ...(imageTag === 'latest' ? [] : [`--image-tag=${imageTag}`]),
    `--nfs-version=${nfsVersions.join(',')}`,
    ...(suite === 'auto' ? [] : [`--suite=${suite}`]),
    ...(script === null ? [] : [`--suite-script=${script}`]),
    ...(nfstestSource === null ? [] : [`--nfstest-src=${nfstestSource}`]),
    ...given,
    `--testcase=${testcases.join(',')}`,
  ];
  const environment = variables.flatMap((key) => (settings[key] === undefined ? [] : [`${key}=${quote(settings[key])}`]));
  return [...environment, ...words.map(quote)].join(' ');
}
