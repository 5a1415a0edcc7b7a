import type { LossEvent } from './loss-events.ts';
import type { TrafficTotals, WireWindow } from './wire.ts';

/**
 * The program's spine: everything that a screen, a report or a run folder shows is built from these events.
 *
 * Names are dotted and in the past tense. A producer emits an `EventBody`; the journal stamps it into a `RunEvent`.
 * Log lines are no events: they go to the run's logs (see `LogChannel`).
 */

/** The steps of a run that take time, in the order in which they start. */
export const phases = ['server-image', 'vm-image', 'suite-source', 'server', 'vm-boot', 'vm-save', 'vm', 'connect', 'upload', 'suite', 'stop'] as const;
export type Phase = (typeof phases)[number];

export const phaseTitles: Readonly<Record<Phase, string>> = {
  'server-image': 'build server image',
  'vm-image': 'build VM image',
  'suite-source': 'get test suite',
  server: 'start server',
  'vm-boot': 'boot client VM',
  'vm-save': 'save client VM',
  vm: 'start client VM',
  connect: 'connect to client',
  upload: 'upload suite',
  suite: 'run testcases',
  stop: 'stop',
};

/** `not-run`: selected, but the run ended before it (or before its end). Never a pass. */
export type Verdict = 'passed' | 'failed' | 'not-run';

/** What a testcase comes to. `known`: every assertion that failed was expected to; not a pass, and no failure either. */
export type Conclusion = Verdict | 'known';

/**
 * A failure that is expected, with the reason for it. Where it holds is a list of ranges, any of which will do;
 * an empty list holds everywhere. See `model/known-failures.ts`.
 */
export interface KnownFailure {
  readonly testcase: string;
  /** Pattern of the failed assertion's message, `*` stands for any text; null holds for every assertion of the testcase. */
  readonly message: string | null;
  /** Why it is expected, for people. */
  readonly reason: string;
  /** NFS versions, for example `>=4.0`. */
  readonly nfs: readonly string[];
  /** Client kernels, for example `>=6.4`. */
  readonly kernel: readonly string[];
  /** The suite it was seen with; null holds for any. */
  readonly suite: SuiteIdentity['kind'] | null;
}

/** The server under test, as the header shows it. */
export interface ServerIdentity {
  /** Image name without tag, for example `ganesha`. */
  readonly name: string;
  /** Human name, for example `NFS-Ganesha`. */
  readonly title: string;
  /** Image reference with tag. */
  readonly image: string;
}

/** Which test suite runs. */
export interface SuiteIdentity {
  /** `nfstest`: Jorge Mora's NFStest; `bundled`: the one that comes with this program. */
  readonly kind: 'nfstest' | 'bundled';
  /** Tag, commit or package version; null where unknown. */
  readonly version: string | null;
  /** Folder or URL it came from. */
  readonly source: string;
  /** Which script of NFStest runs; left out for nfstest_posix. */
  readonly script?: string;
}

/** Why a run of `watch` was begun. */
export interface RoundStart {
  /** 1-based within the session. */
  readonly number: number;
  /** Names of the files that changed, relative to what is watched; empty for the first round. */
  readonly changed: readonly string[];
  /** Milliseconds from the first change that was noticed to the run's beginning: until the changes were over, and an overtaken round was stopped. */
  readonly waitedMs: number;
}

export interface RunStarted {
  readonly type: 'run.started';
  readonly server: ServerIdentity;
  /** `3`, `4.0`, `4.1` or `4.2`. */
  readonly nfsVersion: string;
  /** Selected testcases in the suite's order. */
  readonly testcases: readonly string[];
  /** Version of this program. */
  readonly program: string;
  /** Settings that were given, by their key in nfstest/defaults.mk; no credentials. Missing in recordings before 0.2. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What was known of the environment where it stood before the run began (a session's later runs); missing elsewhere. */
  readonly environment?: { readonly imageId: string | null; readonly clientKernel: string | null; readonly accelerator: string | null };
  /** Pairs of server and client that share the testcases; missing where there is one. */
  readonly lanes?: number;
  /** Only where it is a round of `watch`. */
  readonly round?: RoundStart;
}

/** The failures that are expected in this run; emitted before the first testcase, and only where there are any. */
export interface KnownFailuresRead {
  readonly type: 'known-failures.read';
  /** The file, for people. */
  readonly source: string;
  /** One that passes makes the run fail. */
  readonly strict: boolean;
  readonly entries: readonly KnownFailure[];
}

/** The suite was found; emitted before anything of it runs. */
export interface SuiteResolved {
  readonly type: 'suite.resolved';
  readonly suite: SuiteIdentity;
}

export interface PhaseStarted {
  readonly type: 'phase.started';
  readonly phase: Phase;
}

export interface PhaseFinished {
  readonly type: 'phase.finished';
  readonly phase: Phase;
  readonly outcome: 'ok' | 'failed' | 'cancelled';
  readonly durationMs: number;
  /** What came of it, for example `cached` or the error's message; null where there is nothing to add. */
  readonly detail: string | null;
}

/** A long step says where it is. */
export interface ProgressReported {
  readonly type: 'progress.reported';
  readonly phase: Phase;
  readonly message: string;
  /** 0 to 1; null where the end is not known. */
  readonly fraction: number | null;
}

/** Something a person should know that is no failure, for example that another port was taken. */
export interface NoteReported {
  readonly type: 'note.reported';
  readonly level: 'info' | 'warning';
  readonly message: string;
}

export interface ServerStarted {
  readonly type: 'server.started';
  readonly containerId: string;
  readonly containerName: string;
  /** Port on the host's 127.0.0.1. */
  readonly nfsPort: number;
  /** Port on the host's 127.0.0.1; equal to `nfsPort` where one port serves both. */
  readonly mountPort: number;
  readonly image: string;
  /** The engine's id of the image, `sha256:…`. Missing in recordings before 0.2. */
  readonly imageId?: string;
}

/** The NFS port accepts connections. */
export interface ServerReady {
  readonly type: 'server.ready';
}

/** The container's state, sampled while it runs. */
export interface ServerSampled {
  readonly type: 'server.sampled';
  /** The engine's word: `running`, `exited`, … */
  readonly state: string;
  /** Percent of one CPU. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly restarts: number;
}

export interface ServerExited {
  readonly type: 'server.exited';
  readonly exitCode: number | null;
  readonly outOfMemory: boolean;
  /** False where it was stopped on purpose. */
  readonly unexpected: boolean;
}

export interface VmStarted {
  readonly type: 'vm.started';
  readonly pid: number;
  /** QEMU's name: `kvm`, `hvf` or `tcg`. */
  readonly accelerator: string;
  /** Port on the host's 127.0.0.1 that leads to the guest's port 22. */
  readonly sshPort: number;
}

/** The marker appeared on the console. */
export interface VmReady {
  readonly type: 'vm.ready';
}

export interface VmExited {
  readonly type: 'vm.exited';
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** False where it was stopped on purpose. */
  readonly unexpected: boolean;
}

export interface ClientConnected {
  readonly type: 'client.connected';
  /** `uname -r` of the guest. */
  readonly kernel: string;
}

export interface SuiteStarted {
  readonly type: 'suite.started';
  /** The command line in the guest, shell-quoted. */
  readonly command: string;
  /** Options of the mount that the suite makes, separated by commas. Missing in recordings before 0.2. */
  readonly mountOptions?: string;
}

export interface TestcaseStarted {
  readonly type: 'testcase.started';
  readonly testcase: string;
}

export interface AssertionFinished {
  readonly type: 'assertion.finished';
  readonly testcase: string;
  readonly verdict: 'passed' | 'failed';
  readonly message: string;
  /** Assertions this line stands for; more than 1 where the suite grouped them. */
  readonly passedCount: number;
  readonly failedCount: number;
  /** Continuation lines, such as a traceback; empty for most. */
  readonly details: readonly string[];
}

/** A line of the suite that is no assertion but matters: `BUG`, `WARN`. */
export interface RemarkReported {
  readonly type: 'remark.reported';
  readonly testcase: string | null;
  readonly level: 'bug' | 'warning' | 'info';
  readonly message: string;
}

export interface TestcaseFinished {
  readonly type: 'testcase.finished';
  readonly testcase: string;
  readonly verdict: Verdict;
  readonly passedCount: number;
  readonly failedCount: number;
  /** As the suite measured it; null where it printed none. */
  readonly durationMs: number | null;
  /** Why it did not run to its end; null otherwise. */
  readonly reason: string | null;
}

/** What a testcase asked of the server, as it was captured; some seconds after its end. */
export interface TestcaseTraffic {
  readonly type: 'testcase.traffic';
  readonly testcase: string;
  /** Name of the capture in the run's folder; null where it was not kept. */
  readonly capture: string | null;
  /** False where the beginning was gone: a testcase with more traffic than the ring of captures holds. */
  readonly complete: boolean;
  /** How to open the capture by hand, from the run's folder; null where it was not kept. */
  readonly command: string | null;
  /** Why the calls before the failures are not known, for example that tshark is not there; null where they are, or nothing failed. */
  readonly problem: string | null;
  /** Null in recordings of a run that had no tshark, from when that counted, too. */
  readonly totals: TrafficTotals | null;
  /** One per failed assertion, for the first ones; empty where the calls are not known. */
  readonly windows: readonly WireWindow[];
}

/** The suite failed before its first testcase. */
export interface SuiteSetupFailed {
  readonly type: 'suite.setup-failed';
  readonly message: string;
  readonly details: readonly string[];
}

export interface SuiteFinished {
  readonly type: 'suite.finished';
  /** Exit code of the runner, which is the suite's; null where the connection was lost. */
  readonly exitCode: number | null;
  readonly durationMs: number;
  /** The totals the suite printed; null where it printed none. */
  readonly printed: { readonly tests: number; readonly passed: number; readonly failed: number } | null;
}

/** What a round of `watch` found, beside what was known before; comes before `run.finished`. */
export interface RoundFinished {
  readonly type: 'round.finished';
  /** Same as the `RoundStart`'s. */
  readonly number: number;
  /** One entry per testcase of the round; `before` is null where it had no verdict in this session. */
  readonly results: readonly { readonly testcase: string; readonly before: Verdict | null; readonly now: Verdict }[];
  /** Milliseconds; null for a part that the round did not have or did not finish. */
  readonly buildMs: number | null;
  /** The old server's end and the new one's start. */
  readonly restartMs: number | null;
  readonly testsMs: number | null;
  /** Milliseconds from the first change that was noticed to the round's end. */
  readonly totalMs: number;
}

/** A selection was run over several NFS versions. Comes after `run.finished`, in the recording of each version's run. */
export interface VersionsFinished {
  readonly type: 'versions.finished';
  /** One per version that was run, in their order. */
  readonly runs: readonly {
    readonly nfsVersion: string;
    /** Null where the session did not come to it. */
    readonly runId: string | null;
    /** See `ExitCode`. */
    readonly exitCode: number;
    readonly results: readonly { readonly testcase: string; readonly conclusion: Conclusion }[];
  }[];
  /** Versions that were selected and that the server does not serve. */
  readonly skipped: readonly string[];
}

/** A failed testcase run again on another server, or on none. `own`: the same server, fresh; `reference`: another server; `local`: the client's own disk. */
export interface TriageResult {
  readonly where: 'own' | 'reference' | 'local';
  /** For people: the server's title, or `local disk`. */
  readonly title: string;
  readonly verdict: Verdict;
  /** Messages of the assertions that failed. */
  readonly failures: readonly string[];
  /** Why there is no verdict; null otherwise. */
  readonly reason: string | null;
}

/** Whose fault a failure is; see `model/triage.ts`. */
export type Blame = 'server' | 'client or suite' | 'flaky or environment' | 'unclear';

/** A failed testcase was run again elsewhere. Comes after `run.finished`. */
export interface TriageFinished {
  readonly type: 'triage.finished';
  readonly testcase: string;
  readonly blame: Blame;
  /** One line: why. */
  readonly reason: string;
  /** Messages of the assertions that failed in the run itself. */
  readonly failures: readonly string[];
  /** Own first; the reference is missing where it is the server under test. */
  readonly results: readonly TriageResult[];
}

export interface RunFinished {
  readonly type: 'run.finished';
  /** See `ExitCode`. */
  readonly exitCode: number;
  /** One line: why it passed or not. */
  readonly reason: string;
  /** What to do next; null where nothing is to be done. */
  readonly hint: string | null;
  /** The end of the log that explains a failure; null otherwise. */
  readonly log: { readonly path: string; readonly lines: readonly string[] } | null;
  readonly durationMs: number;
}

export type EventBody =
  | RunStarted
  | KnownFailuresRead
  | SuiteResolved
  | PhaseStarted
  | PhaseFinished
  | ProgressReported
  | NoteReported
  | ServerStarted
  | ServerReady
  | ServerSampled
  | ServerExited
  | VmStarted
  | VmReady
  | VmExited
  | ClientConnected
  | SuiteStarted
  | TestcaseStarted
  | AssertionFinished
  | RemarkReported
  | TestcaseFinished
  | TestcaseTraffic
  | SuiteSetupFailed
  | SuiteFinished
  | RoundFinished
  | RunFinished
  | VersionsFinished
  | TriageFinished
  | LossEvent;

/** What the journal adds to every event. */
export interface EventStamp {
  readonly runId: string;
  /** 0-based number of the server+client pair. */
  readonly lane: number;
  /** Wall time, ISO 8601 in UTC. */
  readonly time: string;
  /** Milliseconds since the run began, from a monotonic clock. */
  readonly atMs: number;
}

export type RunEvent = EventBody & EventStamp;

/** The logs of a run; each is a file in the run's folder, `<channel>.log`. */
export const logChannels = ['suite', 'server', 'vm', 'build'] as const;
export type LogChannel = (typeof logChannels)[number];
