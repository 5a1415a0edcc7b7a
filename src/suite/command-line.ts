import type { SuiteIdentity } from '../model/events.ts';
import { shellQuote } from '../model/shell-quote.ts';

/** What a run of the suite needs to know. */
export interface SuiteSpec {
  /** The bundled suite takes no packet trace and so needs none of the options that tame it. */
  readonly suiteKind: SuiteIdentity['kind'];
  /** Address of the server as the guest sees it, for example `10.0.2.2`. */
  readonly server: string;
  /** NFS port as the guest sees it. */
  readonly port: number;
  /** MOUNT port as the guest sees it; used by NFS v3 alone. */
  readonly mountPort: number;
  /** Exported path, for example `/export`. */
  readonly export: string;
  /** `3`, `4.0`, `4.1` or `4.2`. */
  readonly nfsVersion: string;
  /** In the suite's order; not empty. */
  readonly testcases: readonly string[];
  /** Folder in the guest where the export is mounted. */
  readonly mountPoint: string;
  /**
   * Folder below the mount point for the suite's files. Two clients on one export need different ones:
   * the names of the suite's files start with the time in seconds.
   */
  readonly dataDir?: string;
  /** More options, added at the end as they are. */
  readonly extra?: readonly string[];
}

/** Where the export is mounted in the guest; NFStest makes the folder if it has to. */
export function mountPointIn(home: string): string {
  return `${home}/mnt`;
}

/** NFStest leaves the port out of the mount where it is this. */
const defaultNfsPort = 2049;

/** Shows the command line, the client's kernel and the mounts; `dbg3` and up print a line per system call (17,000 for `open` and `chmod`). */
const verbosity = 'opts|info|dbg1|dbg2';

/**
 * Value of `--mtopts`. The suite adds vers, port, proto and sec itself and mount.nfs refuses a repeated one; it also adds actimeo=0.
 * - hard: the default of NFS, said aloud; a soft mount would turn a slow server into I/O errors.
 * - noresvport: the server sees QEMU's source port anyway, and reserved ports run out when mounts follow each other.
 * - nolock, mountport, port: v3 has side protocols; servers under test rarely have a lock manager or a portmapper. Without a port, which
 *   the suite leaves out where it is 2049, mount.nfs would ask the portmapper for it.
 */
function mountOptions({ nfsVersion, mountPort, port }: Pick<SuiteSpec, 'nfsVersion' | 'mountPort' | 'port'>): string {
  if (nfsVersion !== '3') return 'hard,noresvport';
  return `hard,nolock,noresvport,mountport=${mountPort}${port === defaultNfsPort ? `,port=${port}` : ''}`;
}

/**
 * The options of nfstest_posix and of the bundled suite, which has the same ones; not shell-quoted.
 *
 * `--basename` is not among them: with it NFStest does not mount at all (test_util.py, `nomount`).
 */
export function suiteArguments(spec: SuiteSpec): string[] {
  return [
    '--server',
    spec.server,
    '--port',
    String(spec.port),
    '--export',
    spec.export,
    '--nfsversion',
    spec.nfsVersion,
    '--mtpoint',
    spec.mountPoint,
    '--mtopts',
    mountOptions(spec),
    ...(spec.dataDir === undefined ? [] : ['--datadir', spec.dataDir]),
    '--runtest',
    spec.testcases.join(','),
    // NFStest captures its mount whether wanted or not: keep the ring and the wait for its end small.
    ...(spec.suiteKind === 'nfstest' ? ['--tbsize', '4k', '--trcdelay', '0'] : []),
    '--verbose',
    verbosity,
    '--notty',
    ...(spec.extra ?? []),
  ];
}

/** All options of the mount that the suite makes, its own ones included. */
export function allMountOptions(spec: Pick<SuiteSpec, 'port' | 'mountPort' | 'nfsVersion'>): string {
  return [
    `vers=${spec.nfsVersion}`,
    ...(spec.port === defaultNfsPort ? [] : [`port=${spec.port}`]),
    'proto=tcp',
    'sec=sys',
    mountOptions(spec),
    'actimeo=0',
  ].join(',');
}

/** The mount that the suite makes in the guest, to be read and repeated by hand (as root). */
export function mountCommand(spec: Pick<SuiteSpec, 'server' | 'port' | 'mountPort' | 'export' | 'nfsVersion' | 'mountPoint'>): string {
  const host = spec.server.includes(':') ? `[${spec.server}]` : spec.server;
  return ['mount', '-t', 'nfs', '-o', allMountOptions(spec), `${host}:${spec.export}`, spec.mountPoint].map(shellQuote).join(' ');
}
