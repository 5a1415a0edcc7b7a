import type { Packet } from './pcap.ts';
import { uint16, uint32 } from './xdr.ts';

/** An RPC message over TCP. */
export interface Message {
  /** When its last byte passed; microseconds since 1970. */
  readonly timeUs: number;
  readonly source: number;
  readonly target: number;
  /** From its transaction id on. */
  readonly bytes: Uint8Array;
}

interface Segment {
  readonly source: number;
  readonly target: number;
  readonly sequence: number;
  readonly isFirst: boolean;
  readonly payload: Uint8Array;
}

const flags = { syn: 0x02 } as const;

/** Where in an Ethernet frame the header of TCP begins; null in anything else. IPv4 alone: QEMU's user network hands out nothing else here. */
export function tcpHeader(frame: Uint8Array): number | null {
  return frame.length < 34 || uint16(frame, 12) !== 0x0800 || frame[23] !== 6 ? null : 14 + ((frame[14] ?? 0) & 0x0f) * 4;
}

/** The TCP segment of an Ethernet frame; null for anything else. */
function tcpSegment(frame: Uint8Array): Segment | null {
  const tcp = tcpHeader(frame);
  if (tcp === null || frame.length < tcp + 20) return null;
  const start = tcp + ((frame[tcp + 12] ?? 0) >> 4) * 4;
  // Short frames are filled up to 60 bytes.
  const end = Math.min(frame.length, 14 + uint16(frame, 16));
  return {
    source: uint16(frame, tcp),
    target: uint16(frame, tcp + 2),
    sequence: uint32(frame, tcp + 4),
    isFirst: ((frame[tcp + 13] ?? 0) & flags.syn) !== 0,
    payload: frame.subarray(Math.min(start, end), end),
  };
}

/** More than any server takes in one message. */
const maxRecordBytes = 16 * 1024 * 1024;
const markLength = 4;

/** Whether a record of RPC begins here (RFC 5531: record marking, then transaction id, direction and what follows it). */
function beginsRecord(bytes: Uint8Array): boolean {
  if (bytes.length < markLength + 12) return false;
  const length = uint32(bytes, 0) & 0x7fff_ffff;
  const [direction, next] = [uint32(bytes, 8), uint32(bytes, 12)];
  return length >= 12 && length <= maxRecordBytes && ((direction === 0 && next === 2) || (direction === 1 && next <= 1));
}

const none: readonly never[] = [];

/** One direction of a connection. */
class ByteStream {
  /** Of the next byte; null where what passes can't be read until a record begins. */
  #expected: number | null = null;
  /** Sequence number of the connection's first segment. */
  #begun: number | null = null;
  #chunks: Uint8Array[] = [];
  #byteCount = 0;
  #fragments: Uint8Array[] = [];

  /** Takes a segment; gives the messages that end in it. */
  push({ sequence, isFirst, payload }: Segment): readonly Uint8Array[] {
    if (isFirst) {
      // The same connection's beginning, once more: a repeated packet.
      if (this.#begun === sequence) return none;
      this.#begun = sequence;
      this.#reset((sequence + 1) >>> 0);
      return none;
    }
    if (payload.length === 0) return none;
    const ahead = this.#expected === null ? 0 : (sequence - this.#expected) | 0;
    // Something is missing, or the capture began later than the connection.
    if (this.#expected === null || ahead > 0) {
      this.#reset(null);
      if (!beginsRecord(payload)) return none;
      this.#expected = sequence;
    }
    const fresh = ahead < 0 ? payload.subarray(-ahead) : payload;
    if (fresh.length === 0) return none;
    this.#expected = ((this.#expected ?? 0) + fresh.length) >>> 0;
    this.#chunks.push(fresh);
    this.#byteCount += fresh.length;
    const messages = this.#take();
    // What waits for more is a copy: a part of a frame would keep all of the file that was read in memory.
    const last = this.#chunks.pop();
    if (last !== undefined) this.#chunks.push(new Uint8Array(last));
    return messages;
  }

  #reset(expected: number | null): void {
    this.#expected = expected;
    this.#chunks = [];
    this.#byteCount = 0;
    this.#fragments = [];
  }

  #take(): Uint8Array[] {
    const messages: Uint8Array[] = [];
    while (this.#byteCount >= markLength) {
      // A mark may be cut in two, but hardly ever is.
      if ((this.#chunks[0]?.length ?? 0) < markLength) this.#join();
      const mark = uint32(this.#chunks[0] as Uint8Array, 0);
      const end = markLength + (mark & 0x7fff_ffff);
      if (end > maxRecordBytes) {
        this.#reset(null);
        break;
      }
      if (this.#byteCount < end) break;
      const bytes = this.#join();
      this.#fragments.push(bytes.subarray(markLength, end));
      this.#chunks = bytes.length > end ? [bytes.subarray(end)] : [];
      this.#byteCount = bytes.length - end;
      // The last fragment of the message.
      if (mark >>> 31) messages.push(joined(this.#fragments.splice(0)));
    }
    return messages;
  }

  #join(): Uint8Array {
    const bytes = joined(this.#chunks);
    this.#chunks = [bytes];
    return bytes;
  }
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => (parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts));

/** Finds the RPC messages over TCP to and from these ports. What was cut by the capture's start or a gap is left out. */
export class MessageReader {
  readonly #ports: readonly number[];
  readonly #streams = new Map<number, ByteStream>();

  constructor(ports: readonly number[]) {
    this.#ports = ports;
  }

  /** The messages that end in a packet. */
  push({ frame, timeUs }: Packet): readonly Message[] {
    const segment = tcpSegment(frame);
    if (segment === null || !(this.#ports.includes(segment.source) || this.#ports.includes(segment.target))) return none;
    const { source, target } = segment;
    const key = source * 65_536 + target;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      stream = new ByteStream();
      this.#streams.set(key, stream);
    }
    const ended = stream.push(segment);
    return ended.length === 0 ? none : ended.map((bytes) => ({ timeUs, source, target, bytes }));
  }
}
