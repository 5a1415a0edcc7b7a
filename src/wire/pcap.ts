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

/**
 * The packets of a capture. A record that is still being written, at its end, is left out.
 *
 * @throws Error where it is no pcap file.
 */
export function readPcap(bytes: Uint8Array): Packet[] {
  if (bytes.length < headerLength) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // A part of a Buffer is another Buffer, which takes several times as long to make.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isMagic = (word: number) => word === magic.micro || word === magic.nano;
  const little = isMagic(view.getUint32(0, true));
  if (!little && !isMagic(view.getUint32(0, false))) throw new Error('this is no pcap file');
  const fraction = view.getUint32(0, little) === magic.nano ? 1000 : 1;
  const packets: Packet[] = [];
  for (let at = headerLength; at + recordLength <= bytes.length; ) {
    const length = view.getUint32(at + 8, little);
    const end = at + recordLength + length;
    if (end > bytes.length) break;
    const timeUs = view.getUint32(at, little) * 1_000_000 + Math.floor(view.getUint32(at + 4, little) / fraction);
    packets.push({ timeUs, frame: plain.subarray(at + recordLength, end), wireLength: view.getUint32(at + 12, little) });
    at = end;
  }
  return packets;
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
