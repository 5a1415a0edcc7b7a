/**
 * Captures in the classic pcap format, as QEMU's filter-dump writes them and every tool reads them.
 * Source: "PCAP Capture File Format" (draft-ietf-opsawg-pcap): a header of 24 bytes, then records of 16 bytes and the frame.
 */

/** A frame of a capture. */
export interface Packet {
  /** Microseconds since 1970. */
  readonly timeUs: number;
  readonly frame: Uint8Array;
  /** Its length on the wire; more than the frame's where the capture cut it off. */
  readonly wireLength: number;
}

const magic = { micro: 0xa1b2c3d4, nano: 0xa1b23c4d } as const;
const headerLength = 24;
const recordLength = 16;
/** Ethernet. */
const linkType = 1;
const snapLength = 65_536;

interface Format {
  readonly little: boolean;
  /** Parts of a microsecond that times are given in. */
  readonly fraction: number;
}

/** @throws Error where it is no pcap file. */
function formatOf(view: DataView): Format {
  const isMagic = (word: number) => word === magic.micro || word === magic.nano;
  const little = isMagic(view.getUint32(0, true));
  if (!little && !isMagic(view.getUint32(0, false))) throw new Error('this is no pcap file');
  return { little, fraction: view.getUint32(0, little) === magic.nano ? 1000 : 1 };
}

/** What a part of a capture holds. */
export interface PcapPart {
  /** Those that end in it; made one by one, because those of a whole file would fill a screen's memory. */
  readonly packets: Iterable<Packet>;
  /** Microseconds since 1970; null where it has no packet. */
  readonly lastUs: number | null;
  /** The next part begins after so many bytes of this one: where its last packet ends. */
  readonly byteCount: number;
}

/** A capture that grows, read part by part. */
export class PcapParts {
  #format: Format | null = null;

  /** @throws Error where it is no pcap file. */
  take(bytes: Uint8Array): PcapPart {
    const isFirst = this.#format === null;
    if (isFirst && bytes.length < headerLength) return { packets: [], lastUs: null, byteCount: 0 };
    this.#format ??= formatOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return partOf(bytes, isFirst ? headerLength : 0, this.#format);
  }
}

/**
 * The packets of a capture. A record that is still being written, at its end, is left out.
 *
 * @throws Error where it is no pcap file.
 */
export const readPcap = (bytes: Uint8Array): Packet[] => [...new PcapParts().take(bytes).packets];

function partOf(bytes: Uint8Array, from: number, { little, fraction }: Format): PcapPart {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const timeAt = (at: number) => view.getUint32(at, little) * 1_000_000 + Math.floor(view.getUint32(at + 4, little) / fraction);
  const endOf = (at: number) => at + recordLength + view.getUint32(at + 8, little);
  let last: number | null = null;
  let end = from;
  while (end + recordLength <= bytes.length && endOf(end) <= bytes.length) {
    last = end;
    end = endOf(end);
  }
  // A part of a Buffer is another Buffer, which takes several times as long to make.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  function* packets(): Generator<Packet> {
    for (let at = from; at < end; at = endOf(at)) {
      yield { timeUs: timeAt(at), frame: plain.subarray(at + recordLength, endOf(at)), wireLength: view.getUint32(at + 12, little) };
    }
  }
  return { packets: packets(), lastUs: last === null ? null : timeAt(last), byteCount: end };
}

/** A capture file of these packets, little-endian, in microseconds. */
export function writePcap(packets: readonly Packet[]): Uint8Array {
  const bytes = new Uint8Array(packets.reduce((sum, { frame }) => sum + recordLength + frame.length, headerLength));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic.micro, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, snapLength, true);
  view.setUint32(20, linkType, true);
  let at = headerLength;
  for (const { timeUs, frame, wireLength } of packets) {
    view.setUint32(at, Math.floor(timeUs / 1_000_000), true);
    view.setUint32(at + 4, timeUs % 1_000_000, true);
    view.setUint32(at + 8, frame.length, true);
    view.setUint32(at + 12, wireLength, true);
    bytes.set(frame, at + recordLength);
    at += recordLength + frame.length;
  }
  return bytes;
}
