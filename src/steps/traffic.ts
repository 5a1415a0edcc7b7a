import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { PcapChoice } from '../config/options.ts';
import { messageOf } from '../model/errors.ts';
import type { EventBody, LogChannel, TestcaseTraffic } from '../model/events.ts';
import { shellQuote } from '../model/shell-quote.ts';
import type { WireCall, WireLogLine } from '../model/wire.ts';
import type { VmCapture, VmHandle, WireDecoder } from '../services/types.ts';
import type { LogHub } from '../stream/log-hub.ts';
import { readCalls, type SeenCall } from '../wire/calls.ts';
import { type Packet, readPcap, writePcap } from '../wire/pcap.ts';
import { joinSegments, mountTraffic, type Segment, slice, withHostTimes } from '../wire/slice.ts';
import { totalsOfCalls } from '../wire/traffic.ts';
import { type FailedMoment, windowsOf } from '../wire/windows.ts';
import { CallTally } from './call-tally.ts';
import type { StepContext } from './context.ts';

/** The ring: 64 MiB, which is more than any testcase of nfstest_posix makes. */
const ring = { segmentBytes: 8 * 1024 * 1024, segments: 8 } as const;
/** A line of the suite reaches the host after the calls that it tells of; an emulated guest takes its time. */
const lineDelayMs = 150;
const maxLines = 2_000;
/** How long the traffic of testcases that passed may wait to be counted together. */
const waitingMs = 10_000;

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

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A testcase that has passed. */
interface Waiting extends Span {
  readonly testcase: string;
}

/** Captures what the client asks of the server and reports it per testcase. */
export class TrafficRecorder {
  readonly #input: TrafficInput;
  readonly #context: StepContext;
  readonly #capture: VmCapture;
  readonly #firstFile: string | undefined;
  /** Tells the mount's handles their names; a testcase's own traffic does not. Null until it was looked for. */
  #mount: readonly Packet[] | null = null;
  #current: Watched | null = null;
  #failLines: number[] = [];
  #lines: WireLogLine[] = [];
  #work: Promise<void> = Promise.resolve();
  readonly #tally: CallTally;
  /** Passed, and not counted yet: several are counted together. */
  #waiting: Waiting[] = [];

  private constructor(input: TrafficInput, context: StepContext, capture: VmCapture) {
    this.#input = input;
    this.#context = context;
    this.#capture = capture;
    this.#firstFile = capture.segments()[0];
    this.#tally = new CallTally(this.#ports, this.#firstFile);
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
      // Without it handles have no names: no reason for a note where nothing may fail. A capture that can't be read is told with the testcase.
      if (this.#mount === null) this.#work = this.#work.then(() => this.#readMount()).catch(() => {});
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
      if (!kept) {
        this.#waiting.push({ testcase: watched.testcase, fromMs: watched.startedMs - lineDelayMs, toMs: endedMs });
        if (endedMs - (this.#waiting[0]?.fromMs ?? endedMs) >= waitingMs) this.#countWaiting();
        return;
      }
      // One after the other: the testcases go on meanwhile, and an emulated guest needs the processors.
      const neededFromMs = this.#waiting[0]?.fromMs ?? endedMs - lineDelayMs;
      this.#work = this.#work.then(() => this.#conclude(watched, endedMs, neededFromMs)).catch((error) => this.#tell(watched.testcase, error));
    }
  }

  #countWaiting(): void {
    const waiting = this.#waiting.splice(0);
    if (waiting.length === 0) return;
    this.#work = this.#work.then(() => this.#concludeWaiting(waiting)).catch((error) => this.#tell(waiting.map(({ testcase }) => testcase).join(', '), error));
  }

  /** Ends the capture when every testcase is told. */
  async finish(): Promise<void> {
    this.#countWaiting();
    await this.#work;
    await this.#capture.stop();
  }

  #tell(testcase: string, error: unknown): void {
    if (this.#context.signal.aborted) return;
    this.#context.report({ type: 'note.reported', level: 'warning', message: `the traffic of ${testcase} is not known: ${messageOf(error)}` });
  }

  /** Keeps a testcase's traffic, counts its calls, and has those before its failures decoded. */
  async #conclude({ testcase, startedMs, failures }: Watched, endedMs: number, neededFromMs: number): Promise<void> {
    const span = { fromMs: startedMs - lineDelayMs, toMs: endedMs };
    // It may fill the ring: what passed before it and waits is read while it is there, and what passes after it is no gap.
    if (this.#input.keep === 'on-failure') await this.#tally.update(this.#capture.segments());
    this.#tally.forget(neededFromMs);
    const capture = `${testcase}.pcap`;
    const file = join(this.#input.folder, capture);
    const { packets, complete } = await this.#packets(span);
    await writeFile(file, writePcap(packets));
    const { calls, problem } = failures.length === 0 ? { calls: [], problem: null } : await this.#decode(file);
    this.#context.report({
      ...{ type: 'testcase.traffic', testcase, capture, command: this.#command(capture), complete, problem },
      totals: totalsOfCalls(sentWithin(readCalls(packets, this.#ports), span)),
      windows: problem === null ? windowsOf(failures, within(calls, span), this.#lines) : [],
    } satisfies TestcaseTraffic);
  }

  /** Counts the calls of testcases that passed; their traffic is not kept. */
  async #concludeWaiting(waiting: readonly Waiting[]): Promise<void> {
    const last = waiting.at(-1);
    if (last === undefined) return;
    await this.#tally.update(this.#capture.segments());
    for (const { testcase, ...span } of waiting) {
      const { calls, complete } = this.#tally.within(span);
      this.#context.report({
        ...{ type: 'testcase.traffic', testcase, capture: null, command: null, complete, problem: null, totals: totalsOfCalls(calls), windows: [] },
      } satisfies TestcaseTraffic);
    }
    this.#tally.forget(last.toMs - lineDelayMs);
  }

  /** What passed in a span of time, with the mount before it, and whether all of it was still there. */
  async #packets({ fromMs, toMs }: Span): Promise<{ readonly packets: readonly Packet[]; readonly complete: boolean }> {
    const packets = await this.#read(fromMs);
    const span = { fromUs: fromMs * 1000, toUs: toMs * 1000 };
    const early = (this.#mount ?? []).filter(({ timeUs }) => timeUs < span.fromUs);
    const complete = this.#capture.segments()[0] === this.#firstFile || (packets[0]?.timeUs ?? span.fromUs) <= span.fromUs;
    return { packets: [...early, ...slice(packets, span)], complete };
  }

  /** The calls in a capture with what they name, or why they are not known. */
  async #decode(file: string): Promise<{ readonly calls: readonly WireCall[]; readonly problem: string | null }> {
    const { decoder } = this.#input;
    if ((await decoder.describe()) === null) return { calls: [], problem: 'tshark is not installed' };
    if (this.#context.signal.aborted) return { calls: [], problem: 'the run was stopped' };
    try {
      return { calls: await decoder.decode({ file, ports: this.#ports }, { signal: this.#context.signal }), problem: null };
    } catch (error) {
      // What was counted is known all the same.
      return { calls: [], problem: messageOf(error) };
    }
  }

  /** What was captured since then, as far as it is still there. */
  async #read(fromMs: number): Promise<readonly Packet[]> {
    const segments: Packet[][] = [];
    for (const path of this.#capture.segments()) {
      const before = await stat(path).catch(() => null);
      // The ring has gone on meanwhile, or all of it is older.
      if (before === null || before.mtimeMs < fromMs) continue;
      segments.push(withHostTimes(await readSegment(path)));
    }
    return joinSegments(segments);
  }

  /** Looked for with the first testcase, when the ring's first file holds little else. */
  async #readMount(): Promise<void> {
    if (this.#mount !== null || this.#firstFile === undefined) return;
    this.#mount = [];
    this.#mount = mountTraffic(withHostTimes(await readSegment(this.#firstFile)), this.#input.mountPort);
  }

  get #ports(): readonly number[] {
    return [...new Set([this.#input.nfsPort, this.#input.mountPort])];
  }

  #command(name: string): string {
    const ports = this.#ports.flatMap((port) => ['-d', `tcp.port==${port},rpc`]);
    return ['tshark', '-r', name, ...ports, '-Y', 'nfs || mount'].map(shellQuote).join(' ');
  }
}

const within = (calls: readonly WireCall[], { fromMs, toMs }: Span) => calls.filter(({ time }) => Date.parse(time) >= fromMs && Date.parse(time) <= toMs);

const sentWithin = (calls: readonly SeenCall[], { fromMs, toMs }: Span) => calls.filter(({ timeUs }) => timeUs >= fromMs * 1000 && timeUs <= toMs * 1000);

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
