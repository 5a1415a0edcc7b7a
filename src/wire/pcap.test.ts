import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Packet, readPcap, writePcap } from './pcap.ts';
import { joinSegments, mountTraffic, slice, tcpPorts, withHostTimes } from './slice.ts';

const capture = (name: string) => readPcap(new Uint8Array(readFileSync(join(import.meta.dirname, '../../test/fixtures/captures', name))));
const recorded = capture('v3-rename-io.pcap');

describe('pcap files', () => {
  it('reads a recorded one: times, lengths, ports', () => {
    expect(recorded).toHaveLength(44);
    const [first] = recorded;
    expect(new Date((first?.timeUs ?? 0) / 1000).toISOString()).toMatch(/^2026-11-25T04:45:1/);
    expect(first?.frame.length).toBe(first?.wireLength);
    expect(tcpPorts(first?.frame ?? new Uint8Array())?.target).toBe(4001);
  });

  it('writes what it has read, byte for byte', () => {
    expect(readPcap(writePcap(recorded))).toEqual(recorded);
  });

  it('leaves out a record that is still being written, at any byte', () => {
    const bytes = writePcap(recorded.slice(0, 2));
    const second = 24 + 16 + (recorded[0]?.frame.length ?? 0);
    for (let end = second; end < bytes.length; end++) expect(readPcap(bytes.subarray(0, end))).toHaveLength(1);
    expect(readPcap(bytes.subarray(0, 10))).toEqual([]);
  });

  it('reads the other byte order and nanoseconds', () => {
    const bytes = writePcap(recorded.slice(0, 1));
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 0xa1b23c4d, false);
    for (const at of [24, 28, 32, 36]) view.setUint32(at, view.getUint32(at, true) * (at === 28 ? 1000 : 1), false);
    expect(readPcap(bytes)[0]).toEqual(recorded[0]);
  });

  it('refuses what is no capture', () => {
    expect(() => readPcap(Buffer.from('this is a text of more than 24 bytes'))).toThrow('this is no pcap file');
  });
});

describe('slices', () => {
  const at = (packets: readonly Packet[], shiftUs: number) => packets.map((packet) => ({ ...packet, timeUs: packet.timeUs + shiftUs }));

  it('gives packets the host’s times, by the moment of the last one', () => {
    const last = recorded.at(-1)?.timeUs ?? 0;
    expect(withHostTimes({ packets: at(recorded, -33_000_000), writtenUs: last })).toEqual(recorded);
    expect(withHostTimes({ packets: [], writtenUs: 5 })).toEqual([]);
  });

  it('puts a ring of files together, whatever they have in common', () => {
    for (const common of [0, 1, 7]) expect(joinSegments([recorded.slice(0, 20), recorded.slice(20 - common)])).toEqual(recorded);
    expect(joinSegments([recorded, recorded.slice(-3)])).toEqual(recorded);
    expect(joinSegments([[], recorded, []])).toEqual(recorded);
  });

  it('cuts a span out, without the connection of the program itself', () => {
    const [first, second] = recorded;
    const frame = Uint8Array.from(first?.frame ?? []);
    new DataView(frame.buffer).setUint16(36, 22);
    const shell = { timeUs: first?.timeUs ?? 0, frame, wireLength: frame.length };
    const span = { fromUs: first?.timeUs ?? 0, toUs: second?.timeUs ?? 0 };
    expect(slice([shell, ...recorded], span)).toEqual([first, second]);
  });

  it('knows the mount, and what is no TCP', () => {
    expect(mountTraffic(recorded, 4001)).toHaveLength(25);
    expect(tcpPorts(new Uint8Array(60))).toBeNull();
    expect(tcpPorts(new Uint8Array(4))).toBeNull();
  });
});
