import { tcpHeader } from './messages.ts';
import type { Packet } from './pcap.ts';
import { uint16 } from './xdr.ts';

/** One file of a ring of captures, as it was read. */
export interface Segment {
  readonly packets: readonly Packet[];
  /** When its last packet was written, by the host's clock; microseconds since 1970. */
  readonly writtenUs: number;
}

export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

/** How many packets two segments may have in common. */
const maxOverlap = 64;
/** A mount takes about 30. */
const maxMountPackets = 64;

/**
 * A segment with the host's times. QEMU stamps packets with the guest's virtual clock plus the whole second in which the capture
 * began (net/dump.c), which agrees with no other clock; both clocks run at the same speed, so one known moment is enough.
 */
export function withHostTimes({ packets, writtenUs }: Segment): Packet[] {
  const last = packets.at(-1);
  if (last === undefined) return [];
  const offsetUs = Math.round(writtenUs - last.timeUs);
  return packets.map((packet) => ({ ...packet, timeUs: packet.timeUs + offsetUs }));
}

const isSame = (a: Packet | undefined, b: Packet | undefined) => a !== undefined && b !== undefined && Buffer.compare(a.frame, b.frame) === 0;

/** Puts segments together, oldest first. The next one begins before the one before ends: what is in both is taken once. */
export function joinSegments(segments: readonly (readonly Packet[])[]): Packet[] {
  const joined: Packet[] = [];
  for (const packets of segments) {
    let common = Math.min(joined.length, packets.length, maxOverlap);
    while (common > 0 && !Array.from({ length: common }, (_, index) => isSame(joined[joined.length - common + index], packets[index])).every(Boolean)) common--;
    for (const packet of packets.slice(common)) joined.push(packet);
  }
  return joined;
}

/** The ports of a TCP segment in an Ethernet frame; null for anything else. */
export function tcpPorts(frame: Uint8Array): { readonly source: number; readonly target: number } | null {
  const at = tcpHeader(frame);
  return at === null || frame.length < at + 4 ? null : { source: uint16(frame, at), target: uint16(frame, at + 2) };
}

const sshPort = 22;

/** The program's own connection to the guest: encrypted, and nothing about the server. */
const isShell = ({ frame }: Packet) => {
  const ports = tcpPorts(frame);
  return ports !== null && (ports.source === sshPort || ports.target === sshPort);
};

/** What passed in a span of time, in its order. */
export function slice(packets: readonly Packet[], { fromUs, toUs }: Span): Packet[] {
  return packets.filter((packet) => packet.timeUs >= fromUs && packet.timeUs <= toUs && !isShell(packet));
}

/** The beginning of what went over the MOUNT port: it says which path the first handle has. Empty where NFS has the same port. */
export function mountTraffic(packets: readonly Packet[], mountPort: number): Packet[] {
  const isMount = ({ frame }: Packet) => {
    const ports = tcpPorts(frame);
    return ports !== null && (ports.source === mountPort || ports.target === mountPort);
  };
  return packets.filter(isMount).slice(0, maxMountPackets);
}
