/**
 * What the program needs from the outside world, as interfaces: plain data in, a handle out, always an AbortSignal.
 * An aborted or failed start leaves nothing behind. Failures are `EnvironmentError`s.
 */

import type { WireCall } from '../model/wire.ts';

export interface Cancellable {
  readonly signal: AbortSignal;
}

export type ReportProgress = (message: string, fraction?: number | null) => void;
export type OnBytes = (chunk: Uint8Array | string) => void;

// ---- Container engine ----

export interface EngineDescription {
  /** `Docker` or `Podman`. */
  readonly name: string;
  readonly version: string;
  /** Address of its API, for example `unix:///var/run/docker.sock`. */
  readonly host: string;
}

export interface ImageDescription {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ImageBuild {
  /** Name with tag. */
  readonly reference: string;
  /** Folder sent to the engine, minus what `ignoreFile` names. */
  readonly contextDir: string;
  /** Absolute path; may lie outside the context. */
  readonly dockerfile: string;
  /** A .dockerignore file's path, or null. */
  readonly ignoreFile: string | null;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  /** Left out: it may not gain privileges by setuid programs or file capabilities. */
  readonly newPrivileges?: boolean;
  /** JSON text of a seccomp profile; null: the engine's own. */
  readonly seccomp: string | null;
  /** Anonymous volumes; removed with the container. */
  readonly volumes: readonly string[];
  readonly tmpfs: Readonly<Record<string, string>>;
  readonly stopSignal: string;
  readonly ports: readonly { readonly containerPort: number; readonly hostPort: number; readonly hostAddress: string }[];
}

export interface ContainerState {
  /** The engine's word: `created`, `running`, `paused`, `exited`, …; `removed`, and `unknown` where the engine itself is gone. */
  readonly status: string;
  readonly exitCode: number | null;
  readonly outOfMemory: boolean;
  readonly startedAt: string;
  readonly restarts: number;
}

export interface ContainerSample {
  /** Percent of one CPU. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
}

/** A container's own address in the engine's network. */
export interface ContainerRoute {
  /** For example `172.17.0.2`. */
  readonly host: string;
  /** Its own ports, by the ports of the host that they are published on. */
  readonly ports: ReadonlyMap<number, number>;
}

export interface ContainerHandle {
  readonly id: string;
  readonly name: string;
  /** Resolves when the container ends, for whatever reason, or when the engine goes away and stays away. */
  readonly exited: Promise<ContainerState>;
  /** Standard output and error, from its start, until the container ends or the signal fires; also across an absence of the engine. Throws where it stays away. */
  logs(options: Cancellable): AsyncIterable<Uint8Array>;
  state(): Promise<ContainerState>;
  sample(): Promise<ContainerSample>;
  /** How processes of this host reach it without the engine's proxy; null where they can't, or where that is not certain. */
  route(): Promise<ContainerRoute | null>;
  /** Stops and removes it with its volumes. Idempotent. */
  remove(options: { readonly graceMs: number }): Promise<void>;
}

export interface ContainerSummary {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly status: string;
}

/** The engine broke off its connections, does not answer, and is looked for: it counts as gone after `lossMs`. Or it is back. */
export type EngineAbsence = { readonly state: 'away'; readonly lossMs: number } | { readonly state: 'back'; readonly awayMs: number };

export interface EngineService {
  /** Throws where no engine answers. */
  describe(): Promise<EngineDescription>;
  /** Whether it gives a sign of life within a time, over a connection of its own. Never throws. */
  ping(options: { readonly timeoutMs: number }): Promise<boolean>;
  /** It was found silent: what is asked of it next waits for a sign of life first, and for that not as long. */
  doubt(): void;
  /** Tells of absences that are noticed while containers are watched, until the function that is returned is called. */
  onAbsence(listener: (absence: EngineAbsence) => void): () => void;
  inspectImage(reference: string): Promise<ImageDescription | null>;
  /** Throws where no registry has it or none answers. */
  pullImage(reference: string, options: Cancellable & { readonly onProgress: ReportProgress }): Promise<void>;
  /** Makes an image from a tar stream of a root file system. */
  importImage(reference: string, rootfs: NodeJS.ReadableStream, options: Cancellable): Promise<void>;
  buildImage(build: ImageBuild, options: Cancellable & { readonly onOutput: OnBytes }): Promise<ImageDescription>;
  removeImage(reference: string): Promise<void>;
  /** References of all images with a label, or of a repository. */
  listImages(filter: { readonly label: string } | { readonly repository: string }): Promise<readonly string[]>;
  startContainer(spec: ContainerSpec, options: Cancellable): Promise<ContainerHandle>;
  /** Null where there is no such container. */
  attachContainer(id: string): Promise<ContainerHandle | null>;
  /** All containers, stopped ones too, that have this label (`key` or `key=value`). */
  listContainers(label: string): Promise<readonly ContainerSummary[]>;
}

// ---- Virtual machine ----

export interface VmSpec {
  readonly runId: string;
  /** Node's names: `linux` or `darwin`; `x64` or `arm64`. */
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** QEMU accelerators in the order to try, for example `['kvm', 'tcg']`. */
  readonly accelerators: readonly string[];
  readonly memoryMiB: number;
  readonly cpus: number;
  /** qcow2 overlay, made by the caller. */
  readonly overlay: string;
  /** Seed ISO. */
  readonly cidata: string;
  /** Boots directly where given; from the disk otherwise. */
  readonly kernel: { readonly image: string; readonly initrd: string; readonly append: string } | null;
  /** UEFI code for arm64; null where QEMU has none to give. */
  readonly firmware: string | null;
  /** Port on 127.0.0.1 that leads to the guest's port 22. */
  readonly sshPort: number;
  /** SSH host key that the seed gives the guest, as `ssh-ed25519 AAAA…`; null where it gives none. No part of the command line. */
  readonly hostKey: string | null;
  /** The console's log; begun anew. */
  readonly consoleLog: string;
  /** QEMU's own messages. */
  readonly qemuLog: string;
  /** Path of the QMP socket; short, because the system limits it to about 100 bytes. */
  readonly qmpSocket: string;
  /** Path of the socket that leads to the agent in the guest (nfstest/runner/agent.py); as short. */
  readonly agentSocket: string;
  /** Path of the socket that the guest's port for the suite's output leads to; as short. */
  readonly suiteSocket: string;
  /** File behind the guest's memory: `shared` keeps what the guest writes, `private` leaves the file as it is. Null: ordinary memory. */
  readonly memoryFile: { readonly path: string; readonly sharing: 'shared' | 'private' } | null;
  /** Goes on from what `saveState` wrote, with the memory file and the disk of that moment, instead of booting. */
  readonly restoreFrom: string | null;
}

/** What another process needs to find the VM again. */
export interface VmRecord {
  readonly pid: number;
  /** As the system gives it; tells a process from a later one with the same pid. */
  readonly startTime: string;
  readonly qmpSocket: string;
  readonly agentSocket: string;
  /** Missing: an earlier version of this program started it. */
  readonly suiteSocket?: string;
  readonly consoleLog: string;
  readonly accelerator: string;
  readonly sshPort: number;
  /** SSH host key that the guest must show, as `ssh-ed25519 AAAA…`. Null: not known. Missing: an earlier version of this program started it. */
  readonly hostKey?: string | null;
}

export interface VmExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export interface VmHandle {
  readonly record: VmRecord;
  readonly exited: Promise<VmExit>;
  /**
   * The console from its start, until the VM ends or the signal fires.
   * With `maxBytes` what is kept of it on disk is bounded while it is read: past that its beginning is left out for whoever comes later.
   */
  console(options: Cancellable & { readonly maxBytes?: number }): AsyncIterable<Uint8Array>;
  /** Asks the agent in the guest, JSON in and out. Throws where it does not answer in time or refuses. */
  askAgent(request: object, options: Cancellable & { readonly timeoutMs: number }): Promise<unknown>;
  /** Follows what the guest writes to its port for the suite's output (`outputPort` in steps/client.ts). Null where the VM has none. */
  followOutput(onBytes: OnBytes): Promise<GuestOutput | null>;
  /** Halts the guest for good and writes the state of its devices; its memory must lie in a shared file. */
  saveState(path: string, options: Cancellable): Promise<void>;
  /** Records the guest's traffic from now on. Throws where that can't be done. */
  capture(spec: CaptureSpec): Promise<VmCapture>;
  /** Presses Alt+SysRq and a key on the guest's keyboard, which its kernel takes even where no program runs any more. */
  pressSysRq(key: string): Promise<void>;
  /** QEMU's word for the machine's state (`running`, `paused`, `internal-error`, …), and its registers as text. Throws where QEMU does not answer. */
  examine(): Promise<{ readonly status: string; readonly registers: string }>;
  /** Ends it: QMP `quit`, then signals. Idempotent. */
  stop(options: { readonly graceMs: number }): Promise<void>;
}

/** What comes from a guest's port. */
export interface GuestOutput {
  /** Settles when nothing comes any more. */
  readonly ended: Promise<void>;
  /** Idempotent. */
  close(): void;
}

export interface CaptureSpec {
  /** Beginning of the files' names: an absolute path. */
  readonly prefix: string;
  /** When a file is this big the next one begins. */
  readonly segmentBytes: number;
  /** How many files are kept; the oldest goes. */
  readonly segments: number;
}

/** A capture that goes on, as a ring of pcap files. */
export interface VmCapture {
  /** The files that are there, oldest first; the last one grows. Packets at the end of one may be at the beginning of the next, too. */
  segments(): readonly string[];
  /** Ends it and removes its files. Idempotent; never throws. */
  stop(): Promise<void>;
}

export interface VmService {
  start(spec: VmSpec, options: Cancellable & { readonly onNote: (message: string) => void }): Promise<VmHandle>;
  /** The command that `start` runs with this accelerator, as a person would type it. */
  commandLine(spec: VmSpec, accelerator: string): string;
  /** Null where that VM is gone. */
  attach(record: VmRecord): Promise<VmHandle | null>;
  /** Ends a VM of which only the socket is known. Says whether there was one. */
  reap(qmpSocket: string): Promise<boolean>;
}

/** Tells whether a process is still the one that was started. */
export interface ProcessTable {
  /** When the process began, as the system writes it; null where there is none. */
  startTime(pid: number): Promise<string | null>;
}

/** TCP ports of 127.0.0.1. */
export interface PortService {
  isFree(port: number): Promise<boolean>;
  /** Promises a port to this process; false where it is promised to another, which has not begun to listen. */
  claim(port: number): Promise<boolean>;
  /** Free, and promised to this process. */
  findFree(options: { readonly from: number; readonly avoid: readonly number[] }): Promise<number>;
  /** Who listens there, for people; null where that can't be seen. */
  holder(port: number): Promise<string | null>;
}

// ---- Images for the VM ----

export interface VmImage {
  /** Absolute path of the qcow2 image. */
  readonly disk: string;
  readonly kernel: VmSpec['kernel'];
  /** For people: `Debian 12, built here`, `Alpine 3.24.2`, `given by --vm-image`. */
  readonly title: string;
  /** The image installs its packages at its first boot and should be booted once for that. */
  readonly needsProvisioning: boolean;
}

export interface VmImageService {
  /** Downloads Alpine's cloud image, checks its sum and resizes it. */
  downloadAlpine(
    spec: { readonly target: string; readonly version: string; readonly arch: 'x86_64' | 'aarch64'; readonly sha512: string },
    options: Cancellable & { readonly onProgress: ReportProgress },
  ): Promise<void>;
  /** Builds the Debian image with its kernel beside it. */
  buildDebian(
    spec: { readonly dir: string; readonly name: string },
    options: Cancellable & { readonly onProgress: ReportProgress; readonly onOutput: OnBytes },
  ): Promise<void>;
  /** Makes a seed ISO of a user-data and a meta-data file. */
  createSeed(spec: { readonly target: string; readonly userData: string; readonly metaData: string }, options: Cancellable): Promise<void>;
  /** Makes an empty qcow2 overlay; throws where the base is no sound image. `trusted`: the base is known to be one, and is not checked. */
  createOverlay(spec: { readonly base: string; readonly overlay: string; readonly trusted?: boolean }, options: Cancellable): Promise<void>;
  /** A tar stream of a Debian root file system, for a container base image. */
  debianRootfs(
    spec: { readonly suite: string; readonly packages: readonly string[] },
    options: Cancellable & { readonly onOutput: OnBytes },
  ): { readonly tar: NodeJS.ReadableStream; readonly done: Promise<void> };
}

// ---- Remote shell ----

export interface RemoteTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** OpenSSH private key, text. */
  readonly privateKey: string;
  /** The only host key that the guest may show, as `ssh-ed25519 AAAA…`; null: it is not known, and any will do. */
  readonly hostKey: string | null;
}

export interface RemoteExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export interface RemoteSession {
  /** Runs a command line; resolves when it ends. Rejects where the connection is lost. Aborting sends TERM, then closes the channel. */
  exec(command: string, options: Cancellable & { readonly onStdout?: OnBytes; readonly onStderr?: OnBytes }): Promise<RemoteExit>;
  /** Writes a file by SFTP. */
  writeFile(path: string, content: NodeJS.ReadableStream | string, options: Cancellable): Promise<void>;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  close(): void;
}

export interface RemoteService {
  /** Tries until the guest accepts the key or the signal fires. A host key other than the expected one ends it at once: whoever shows it is not the guest. */
  connect(target: RemoteTarget, options: Cancellable & { readonly deadlineMs: number }): Promise<RemoteSession>;
}

// ---- Sources ----

export interface SourceService {
  /** Clones a repository; the folder appears only when it is whole. */
  clone(spec: { readonly url: string; readonly ref: string | null; readonly target: string; readonly deadlineMs: number }, options: Cancellable): Promise<void>;
  /** `git describe` of a folder; null where it is no checkout. */
  describeVersion(dir: string): Promise<string | null>;
}

// ---- Watching ----

export interface WatchSpec {
  /** Folders that are watched with everything below them; absolute. */
  readonly folders: readonly string[];
  /** Says of an absolute path that nothing there, or below, is of interest. */
  readonly ignores: (path: string) => boolean;
}

export interface SourceWatch {
  /** Resolves when nothing is told any more. Idempotent. */
  close(): Promise<void>;
}

export interface WatchService {
  /**
   * Tells the absolute path of every file that is written, made or removed from the time this resolves.
   * A file that is replaced by another (as editors save) counts as written. Changes of one file within 100 ms may be told once, at the first of them.
   */
  watch(spec: WatchSpec, options: { readonly onChange: (path: string) => void; readonly onError: (error: unknown) => void }): Promise<SourceWatch>;
}

// ---- Earthly ----

export interface EarthlyService {
  /** The command that is installed, `earth` or `earthly`; null where none is. */
  find(): Promise<string | null>;
  /** Runs a target of the Earthfile in `dir`. */
  run(
    spec: { readonly command: string; readonly dir: string; readonly target: string; readonly args: Readonly<Record<string, string>> },
    options: Cancellable & { readonly onOutput: OnBytes },
  ): Promise<void>;
}

// ---- Decoding of captures ----

export interface DecodeRequest {
  /** A pcap file. */
  readonly file: string;
  /** TCP ports that carry RPC, as the capture has them. */
  readonly ports: readonly number[];
}

export interface WireDecoder {
  /** The program that it uses, with its version; null where it is not there. */
  describe(): Promise<string | null>;
  /** The NFS and MOUNT calls of a capture in their order. Throws where it can't be read. */
  decode(request: DecodeRequest, options: Cancellable): Promise<readonly WireCall[]>;
}

// ---- Probes ----

export interface ProbeService {
  /** Whether the NFS server on this port answers an RPC NULL call for that program. Never throws. */
  rpcAnswers(target: {
    readonly host: string;
    readonly port: number;
    readonly program: number;
    readonly version: number;
    readonly timeoutMs: number;
  }): Promise<boolean>;
}
