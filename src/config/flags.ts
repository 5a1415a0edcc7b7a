import { UserError } from '../model/errors.ts';
import { closest } from '../model/suggest.ts';

export interface Flag {
  /** As typed, without the dashes. */
  readonly name: string;
  /** Key in nfstest/defaults.mk that it overrides; null for what only a command line says. */
  readonly key: string | null;
  /** The value's placeholder for help; null for a switch. */
  readonly value: string | null;
  /** What the flag alone stands for; missing where it needs a value. */
  readonly bare?: string;
  readonly help: string;
}

const setting = (name: string, key: string, value: string, help: string): Flag => ({ name, key, value, help });
const toggle = (name: string, help: string, key: string | null = null): Flag => ({ name, key, value: null, help });

/** Every flag; help and parsing are made of this table. */
export const flags: readonly Flag[] = [
  setting('testcase', 'TESTCASE', 'NAMES', 'testcases, separated by commas, or all'),
  setting('nfs-version', 'NFS_VERSION', 'VERSIONS', '3, 4.0, 4.1 or 4.2; several, separated by commas, run one after the other'),
  setting('suite', 'SUITE', 'SUITE', 'auto, nfstest (no fallback) or bundled'),
  setting('suite-script', 'SUITE_SCRIPT', 'NAME', 'another script of NFStest, such as nfstest_lock'),
  setting('nfstest-src', 'NFSTEST_SRC', 'PATH|URL', 'NFStest checkout to run'),
  setting('timeout', 'TIMEOUT', 'TIME', 'longest time for the testcases: 90s, 30m, 2h'),
  setting('download-timeout', 'DOWNLOAD_TIMEOUT', 'TIME', 'longest time for each download, pull or clone'),
  setting('build-timeout', 'BUILD_TIMEOUT', 'TIME', 'longest time to build the server image, or the VM image'),
  setting('boot-timeout', 'BOOT_TIMEOUT', 'TIME', 'longest time until the client VM is ready'),
  setting('connect-timeout', 'CONNECT_TIMEOUT', 'TIME', 'longest time to log in to the client VM, or to upload the suite'),
  setting('server-timeout', 'SERVER_TIMEOUT', 'TIME', 'longest time until the server answers; else as its server.json says'),
  setting('silence-timeout', 'SILENCE_TIMEOUT', 'TIME', 'longest time that the suite may print nothing'),
  setting('answer-timeout', 'ANSWER_TIMEOUT', 'TIME', 'longest time that server or client may not answer during the run'),
  setting('engine-timeout', 'ENGINE_TIMEOUT', 'TIME', 'longest time for a single call to the container engine'),
  setting('run-timeout', 'RUN_TIMEOUT', 'TIME', 'longest time for the whole run'),
  {
    ...setting('recover', 'RECOVER', '0|1', 'put a lane that lost its client or server up anew and go on; with several lanes unless 0'),
    bare: '1',
  },
  setting('pcap', 'PCAP', 'WHEN', 'keep captures of the NFS traffic: always, on-failure or never'),
  setting('image-name', 'IMAGE_NAME', 'NAME', 'server image: a bundled recipe or one the engine has'),
  setting('image-tag', 'IMAGE_TAG', 'TAG', 'its tag'),
  setting('server-src', 'SERVER_SRC', 'PATH|URL', 'checkout of a server that is built from source'),
  setting('server-config', 'SERVER_CONFIG', 'FILE', 'server.json for an image of your own'),
  setting('builder', 'BUILDER', 'BUILDER', 'auto, earthly or engine'),
  setting('port', 'NFS_PORT', 'PORT', 'NFS port on 127.0.0.1'),
  setting('ssh-port', 'SSH_PORT', 'PORT', 'SSH port of the client VM on 127.0.0.1'),
  setting('memory', 'VM_MEMORY', 'SIZE', 'memory of the client VM: 512M, 1G'),
  setting('cpus', 'VM_CPUS', 'COUNT', 'processors of the client VM'),
  setting('lanes', 'LANES', 'COUNT', 'pairs of server and VM that share the testcases, or auto'),
  setting('lane', 'LANE', 'N', 'logs, shell: the lane whose server or VM it is about'),
  setting('accel', 'ACCEL', 'NAME', 'auto, kvm, hvf or tcg'),
  toggle('cold', 'boot the client VM instead of restoring its saved state', 'COLD'),
  setting('instance', 'INSTANCE', 'NAME', 'run beside other environments of this checkout, with own ports, folders and containers'),
  setting('vm-dir', 'VM_OUTPUT_DIR', 'DIR', 'folder of the VM and its environment'),
  setting('vm-image', 'VM_IMAGE_NAME', 'FILE', 'cloud-init disk image; a bare name lies in the VM folder'),
  setting('cidata', 'CIDATA_NAME', 'FILE', 'seed ISO; a bare name lies in the VM folder'),
  setting('vm-source', 'VM_SOURCE', 'NAME', 'auto, alpine or debian'),
  setting('runs-dir', 'RUNS_DIR', 'DIR', 'where runs are kept'),
  setting('runs-keep', 'RUNS_KEEP', 'COUNT', 'how many runs are kept'),
  setting('log-max', 'LOG_MAX', 'SIZE', 'longest log of a run; more is counted and left out'),
  setting('reporter', 'REPORTER', 'NAMES', 'plain, junit, tap, json, ndjson, github, html; separated by commas'),
  setting('output-dir', 'OUTPUT_DIR', 'DIR', 'where report files go; else the run’s folder'),
  setting('known-failures', 'KNOWN_FAILURES', 'FILE|none', 'failures that are expected'),
  toggle('ci', 'whole run as plain lines: build, start, test, stop'),
  toggle('keep', 'leave server and VM running after the run'),
  toggle('dry-run', 'print what would be built and run, and do nothing'),
  toggle('json', 'machine-readable output'),
  toggle('quiet', 'leave out the suite’s own output'),
  toggle('strict', 'a known failure that passes makes the run fail', 'STRICT'),
  {
    ...setting('triage', 'TRIAGE', 'WHEN', 'run new failures again elsewhere and say whose fault they are: auto (where it is quick), always or never'),
    bare: 'always',
  },
  toggle('last-failed', 'run what failed the last time'),
  toggle('yes', 'do not ask before installing'),
  toggle('for-tests', 'setup: with what the program’s own tests need'),
  toggle('timings', 'status: how long each step of the last start took'),
  toggle('orphans', 'clean: only stop what killed runs left'),
  toggle('follow', 'go on printing as a log grows'),
];

const camel = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** The table as meow wants it. */
export const meowFlags = Object.fromEntries(
  flags.map(({ name, value }) => [camel(name), { type: value === null ? ('boolean' as const) : ('string' as const) }]),
);

/** What was given on the command line: settings by key, switches by name. Throws UserError for a flag that doesn't exist. */
export function readFlags(given: Readonly<Record<string, unknown>>): { settings: Record<string, string>; switches: ReadonlySet<string> } {
  const settings: Record<string, string> = {};
  const switches = new Set<string>();
  const known = new Map(flags.map((flag) => [camel(flag.name), flag]));
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || ['help', 'version', 'h', 'v'].includes(name)) continue;
    const flag = known.get(name);
    if (flag === undefined) throw unknownFlag(name);
    if (flag.value === null) {
      if (value !== true) continue;
      if (flag.key === null) switches.add(flag.name);
      else settings[flag.key] = '1';
    } else if (flag.key !== null && typeof value === 'string' && (value !== '' || flag.bare !== undefined)) {
      settings[flag.key] = value === '' ? (flag.bare ?? '') : value;
    } else {
      throw new UserError(`--${flag.name} needs a value`, `for example --${flag.name}=${flag.value}`);
    }
  }
  return { settings, switches };
}

function unknownFlag(camelName: string): UserError {
  const name = camelName.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const near = closest(
    name,
    flags.map((flag) => flag.name),
  );
  return new UserError(`unknown flag --${name}`, near ? `did you mean --${near}?` : 'see nfstest-tui --help');
}
