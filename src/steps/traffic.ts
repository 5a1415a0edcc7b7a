import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { PcapChoice } from '../config/options.ts';
import { messageOf } from '../model/errors.ts';
import type { EventBody, LogChannel, TestcaseTraffic } from '../model/events.ts';
import { shellQuote } from '../model/shell-quote.ts';
import type { WireCall, WireLogLine } from '../model/wire.ts';
import type { VmCapture, VmHandle, WireDecoder } from '../services/types.ts';
import type { LogHub } from '../stream/log-hub.ts';
import { type Packet, readPcap, writePcap } from '../wire/pcap.ts';
import { joinSegments, mountTraffic, type Segment, slice, withHostTimes } from '../wire/slice.ts';
import { totalsOfCalls } from '../wire/traffic.ts';
import { type FailedMoment, windowsOf } from '../wire/windows.ts';
import type { StepContext } from './context.ts';

/** The ring: 64 MiB, which is more than any testcase of nfstest_posix makes. */
const ring = { segmentBytes: 8 * 1024 * 1024, segments: 8 } as const;
/** A line of the suite reaches the host after the calls that it tells of; an emulated guest takes its time. */
const lineDelayMs = 150;
const maxLines = 2_000;

export interface TrafficInput {
  readonly vm: VmHandle;
  readonly decoder: WireDecoder;
  readonly keep: PcapChoice;
  /** The run's folder. */
  readonly folder: string;
  /** Beginning of the ring's file names. */
  readonly prefix: string;
  readonly nfsPort: number;
  readonly mountPort: number;
}

interface Watched {
  readonly testcase: string;
  readonly startedMs: number;
  readonly failures: FailedMoment[];
  /** When its last assertion was told. */
  lastMs: number;
}

/** Captures what the client asks of the server and reports it per testcase. */
export class TrafficRecorder {
  readonly #input: TrafficInput;
  readonly #context: StepContext;
  readonly #capture: VmCapture;
  readonly #firstFile: string | undefined;
  /** Tells the mount's handles their names; a testcase's own traffic does not. */
  #mount: readonly Packet[] = [];
  #current: Watched | null = null;
  #failLines: number[] = [];
  #lines: WireLogLine[] = [];
  #work: Promise<void> = Promise.resolve();

  private constructor(input: TrafficInput, context: StepContext, capture: VmCapture) {
    this.#input = input;
    this.#context = context;
    this.#capture = capture;
    this.#firstFile = capture.segments()[0];
  }

  /** Null where nothing shall be captured, and where it can't be, which is told. */
  static async start(input: TrafficInput, context: StepContext): Promise<TrafficRecorder | null> {
    if (input.keep === 'never') return null;
    try {
      return new TrafficRecorder(input, context, await input.vm.capture({ prefix: input.prefix, ...ring }));
    } catch (error) {
      context.report({ type: 'note.reported', level: 'warning', message: messageOf(error) });
      return null;
    }
  }

  /** For `LogHub.subscribe`. */
  readonly onLine = (channel: LogChannel, line: string): void => {
    // The parser holds a failure back until the line after it; this is when it was told.
    if (channel === 'suite' && /^\s+FAIL: /.test(line)) this.#failLines.push(Date.now());
    if (channel !== 'server' && channel !== 'vm') return;
    this.#lines.push({ time: new Date().toISOString(), channel, line: stripVTControlCharacters(line) });
    if (this.#lines.length > 2 * maxLines) this.#lines = this.#lines.slice(-maxLines);
  };

  /** Given every event of the suite. */
  observe(body: EventBody): void {
    if (body.type === 'testcase.started') {
      this.#failLines = [];
      this.#current = { testcase: body.testcase, startedMs: Date.now(), lastMs: Date.now(), failures: [] };
    } else if (body.type === 'assertion.finished' && this.#current) {
      const toldMs = (body.verdict === 'failed' ? this.#failLines.shift() : undefined) ?? Date.now();
      if (body.verdict === 'failed') this.#current.failures.push({ fromMs: this.#current.lastMs - lineDelayMs, toMs: toldMs });
      this.#current.lastMs = toldMs;
    } else if (body.type === 'testcase.finished' && this.#current?.testcase === body.testcase) {
      const watched = this.#current;
      const kept = this.#input.keep === 'always' || body.verdict !== 'passed';
      const endedMs = Date.now();
      this.#current = null;
      // One after the other: the testcases go on meanwhile, and an emulated guest needs the processors.
      this.#work = this.#work.then(() => this.#conclude(watched, endedMs, kept)).catch((error) => this.#tell(watched.testcase, error));
    }
  }

  /** Ends the capture when every testcase is told. */
  async finish(): Promise<void> {
    await this.#work;
    await this.#capture.stop();
  }

  #tell(testcase: string, error: unknown): void {
    if (this.#context.signal.aborted) return;
    this.#context.report({ type: 'note.reported', level: 'warning', message: `the traffic of ${testcase} is not known: ${messageOf(error)}` });
  }

  async #conclude({ testcase, startedMs, failures }: Watched, endedMs: number, kept: boolean): Promise<void> {
    const { folder, decoder } = this.#input;
    const fromMs = startedMs - lineDelayMs;
    const packets = await this.#read(fromMs);
    const span = { fromUs: fromMs * 1000, toUs: endedMs * 1000 };
    const own = slice(packets, span);
    const early = this.#mount.filter(({ timeUs }) => timeUs < span.fromUs);
    const name = `${testcase}.pcap`;
    const file = join(folder, name);
    await writeFile(file, writePcap([...early, ...own]));
    try {
      const version = await decoder.describe();
      const calls = version === null || this.#context.signal.aborted ? null : await this.#decode(file, fromMs);
      this.#context.report({
        type: 'testcase.traffic',
        testcase,
        capture: kept ? name : null,
        command: kept ? this.#command(name) : null,
        complete: this.#capture.segments()[0] === this.#firstFile || (packets[0]?.timeUs ?? span.fromUs) <= span.fromUs,
        problem: calls !== null ? null : version === null ? 'tshark is not installed' : 'the run was stopped',
        totals: calls && totalsOfCalls(calls),
        windows: calls ? windowsOf(failures, calls, this.#lines) : [],
      } satisfies TestcaseTraffic);
    } finally {
      if (!kept) await rm(file, { force: true });
    }
  }

  async #decode(file: string, fromMs: number): Promise<readonly WireCall[]> {
    const { nfsPort, mountPort } = this.#input;
    const calls = await this.#input.decoder.decode({ file, ports: [...new Set([nfsPort, mountPort])] }, { signal: this.#context.signal });
    return calls.filter(({ time }) => Date.parse(time) >= fromMs);
  }

  /** What was captured since then, as far as it is still there. */
  async #read(fromMs: number): Promise<readonly Packet[]> {
    const segments: Packet[][] = [];
    for (const path of this.#capture.segments()) {
      const before = await stat(path).catch(() => null);
      // The ring has gone on meanwhile, or all of it is older; the first file has the mount.
      if (before === null || (before.mtimeMs < fromMs && this.#mount.length > 0)) continue;
      segments.push(withHostTimes(await readSegment(path)));
    }
    const packets = joinSegments(segments);
    const mount = mountTraffic(packets, this.#input.mountPort);
    if (mount.length > 0 && this.#mount.length === 0) this.#mount = mount;
    return packets;
  }

  #command(name: string): string {
    const { nfsPort, mountPort } = this.#input;
    const ports = [...new Set([nfsPort, mountPort])].flatMap((port) => ['-d', `tcp.port==${port},rpc`]);
    return ['tshark', '-r', name, ...ports, '-Y', 'nfs || mount'].map(shellQuote).join(' ');
  }
}

/** Reads a file together with the moment of its last packet: again, where it was written to in between. */
async function readSegment(path: string): Promise<Segment> {
  for (let tries = 3; ; tries--) {
    const bytes = await readFile(path);
    const { mtimeMs, size } = await stat(path);
    if (size === bytes.length || tries === 0) return { packets: readPcap(bytes), writtenUs: mtimeMs * 1000 };
  }
}

/** Does work with the client's traffic captured, where it is to be and can be. */
export async function withTraffic(
  input: TrafficInput & { readonly logs: Pick<LogHub, 'subscribe'> },
  context: StepContext,
  work: (context: StepContext) => Promise<void>,
): Promise<void> {
  const traffic = await TrafficRecorder.start(input, context);
  if (traffic === null) return work(context);
  const unsubscribe = input.logs.subscribe(traffic.onLine);
  const report = (body: EventBody) => {
    context.report(body);
    traffic.observe(body);
  };
  try {
    await work({ ...context, report });
  } finally {
    unsubscribe();
    await traffic.finish();
  }
}
