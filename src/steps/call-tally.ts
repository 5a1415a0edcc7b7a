import { open } from 'node:fs/promises';
import { CallReader, type SeenCall } from '../wire/calls.ts';
import { type Packet, PcapParts } from '../wire/pcap.ts';

interface Place {
  readonly path: string;
  readonly parts: PcapParts;
  atByte: number;
  /** From its own clock to the host's; known with its first packets. One for all of it, because a call and its answer may be read at two times. */
  offsetUs: number | null;
}

/** Well above what the time of a write differs from that of its packet, and below what tells two testcases apart. */
const jumpUs = 50_000;

function* moved(packets: Iterable<Packet>, offsetUs: number): Generator<Packet> {
  for (const { timeUs, frame, wireLength } of packets) yield { timeUs: timeUs + offsetUs, frame, wireLength };
}

/** The calls in a ring of captures that goes on being written: each packet is read once. Those that two files share are segments that were sent before. */
export class CallTally {
  readonly #ports: readonly number[];
  readonly #firstFile: string | undefined;
  #reader: CallReader;
  #calls: SeenCall[] = [];
  #place: Place | null = null;
  /** Until when something may be missing; milliseconds since 1970. */
  #gapMs = 0;

  /** @param firstFile the ring's first, which it may have dropped before anything was read. */
  constructor(ports: readonly number[], firstFile: string | undefined) {
    this.#ports = ports;
    this.#firstFile = firstFile;
    this.#reader = new CallReader(ports);
  }

  /**
   * Reads what was written since the last time.
   *
   * @param segments the ring's files that are there, oldest first.
   */
  async update(segments: readonly string[]): Promise<void> {
    const known = segments.indexOf(this.#place?.path ?? this.#firstFile ?? '');
    if (known < 0) this.#lose();
    for (const path of segments.slice(Math.max(0, known))) {
      if (this.#place?.path !== path) this.#place = { path, parts: new PcapParts(), atByte: 0, offsetUs: null };
      await this.#readOn(this.#place);
    }
  }

  /** Those that were sent in a span of time, and whether all of them are known. */
  within({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): { readonly calls: readonly SeenCall[]; readonly complete: boolean } {
    return { calls: this.#calls.filter(({ timeUs }) => timeUs >= fromMs * 1000 && timeUs <= toMs * 1000), complete: fromMs > this.#gapMs };
  }

  /** Lets go of those that were sent before. */
  forget(beforeMs: number): void {
    this.#calls = this.#calls.filter(({ timeUs }) => timeUs >= beforeMs * 1000);
  }

  /** What was begun before a gap can't be gone on with: a client connects again from the same port. */
  #lose(): void {
    this.#gapMs = Date.now();
    this.#reader = new CallReader(this.#ports);
  }

  async #readOn(place: Place): Promise<void> {
    const file = await open(place.path).catch(() => null);
    // The ring has gone on meanwhile.
    if (file === null) return this.#lose();
    try {
      const { size, mtimeMs } = await file.stat();
      if (size <= place.atByte) return;
      const bytes = Buffer.allocUnsafe(size - place.atByte);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, place.atByte);
      const part = place.parts.take(bytes.subarray(0, bytesRead));
      place.atByte += part.byteCount;
      if (part.lastUs === null) return;
      // See withHostTimes. The guest's clock stands while its VM is paused; all else is jitter, which calls and answers shall not see.
      const offsetUs = Math.round(mtimeMs * 1000) - part.lastUs;
      if (place.offsetUs === null || Math.abs(offsetUs - place.offsetUs) > jumpUs) place.offsetUs = offsetUs;
      for (const call of this.#reader.push(moved(part.packets, place.offsetUs))) this.#calls.push(call);
    } finally {
      await file.close();
    }
  }
}
