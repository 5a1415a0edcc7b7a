import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { WireCall } from '../model/wire.ts';
import { readCalls, type SeenCall } from './calls.ts';
import { compoundOperations } from './compound.ts';
import { operation4 } from './names.ts';
import { type Packet, readPcap } from './pcap.ts';
import { callsOf } from './tshark.ts';
import { XdrReader } from './xdr.ts';

const captures = join(import.meta.dirname, '../../test/fixtures/captures');
const packetsOf = (name: string) => readPcap(new Uint8Array(readFileSync(join(captures, `${name}.pcap`))));
const ports = [4000, 4001];
const text = ({ time, call, status, latencyMs }: Omit<WireCall, 'object'>) => `${time} ${call} ${status} ${latencyMs}`;
const ownText = ({ timeUs, ...call }: SeenCall) => text({ time: new Date(timeUs / 1000).toISOString(), ...call });

describe('calls read from packets', () => {
  it.each(['v3-rename-io', 'v4.1-rename'])('are those that tshark reads: %s', (name) => {
    const own = readCalls(packetsOf(name), ports).map(ownText);
    const tshark = callsOf(readFileSync(join(captures, `${name}.tsv`), 'utf8').split('\n')).map(text);
    expect(own.length).toBeGreaterThan(7);
    expect(own).toEqual(tshark);
  });

  it('nothing on other ports', () => {
    expect(readCalls(packetsOf('v3-rename-io'), [2049])).toEqual([]);
  });

  /** A frame whose payload is another part of the stream. */
  const withPayload = ({ frame, ...packet }: Packet, from: number, to: number): Packet => {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const header = 14 + 20 + (view.getUint8(46) >> 4) * 4;
    const cut = new Uint8Array(header + to - from);
    cut.set(frame.subarray(0, header));
    cut.set(frame.subarray(header + from, header + to), header);
    const out = new DataView(cut.buffer);
    out.setUint16(16, cut.length - 14);
    out.setUint32(38, (view.getUint32(38) + from) >>> 0);
    return { ...packet, frame: cut };
  };
  const payloadBytes = ({ frame }: Packet) => frame.length - 14 - 20 - ((frame[46] ?? 0) >> 4) * 4;

  it.each([
    ['in pieces', [20, 33], [20, 33]],
    ['with its mark cut in two', [20, 33], [2, 33]],
  ])('a message %s, and each segment sent twice, is one', (_title, first, later) => {
    const whole = packetsOf('v4.1-rename');
    const begun = new Set<number>();
    const pieces = whole.flatMap((packet) => {
      if (payloadBytes(packet) < 40) return [packet];
      const source = (packet.frame[34] ?? 0) * 256 + (packet.frame[35] ?? 0);
      // Where the capture begins, a record is known by its first words alone.
      const cuts = [0, ...(begun.has(source) ? later : first), payloadBytes(packet)];
      begun.add(source);
      return cuts.slice(1).flatMap((to, index) => [withPayload(packet, cuts[index] ?? 0, to), withPayload(packet, cuts[index] ?? 0, to)]);
    });
    expect(pieces.length).toBeGreaterThan(2 * whole.length);
    expect(readCalls(pieces, ports)).toEqual(readCalls(whole, ports));
  });

  it('a beginning that comes again, as where two files of a ring share it, is one', () => {
    const whole = packetsOf('v3-rename-io');
    expect(readCalls([...whole.slice(0, Math.ceil(whole.length / 2)), ...whole], ports).map(({ call }) => call)).toEqual(
      readCalls(whole, ports).map(({ call }) => call),
    );
  });

  it('after a gap it goes on with the next message', () => {
    const whole = packetsOf('v3-rename-io');
    const rename = readCalls(whole, ports).findIndex(({ call }) => call === 'RENAME');
    const asked = readCalls(whole, ports)[rename];
    const without = whole.filter(({ timeUs }) => timeUs !== asked?.timeUs);
    const calls = readCalls(without, ports);
    expect(calls.map(({ call }) => call)).not.toContain('RENAME');
    expect(calls).toHaveLength(readCalls(whole, ports).length - 1);
  });

  it('any bytes: no exception', () => {
    for (const packet of packetsOf('v4.1-rename')) {
      for (let length = 0; length < packet.frame.length; length += 7) readCalls([{ ...packet, frame: packet.frame.subarray(0, length) }], ports);
    }
  });
});

describe('operations of a compound', () => {
  const words = (...parts: (number | string)[]) =>
    Buffer.concat(
      parts.map((part) => {
        if (typeof part === 'string') return Buffer.from(part.replaceAll(' ', ''), 'hex');
        const word = Buffer.alloc(4);
        word.writeUInt32BE(part);
        return word;
      }),
    );
  const opaque = (length: number) => words(length, '00'.repeat(Math.ceil(length / 4) * 4)).toString('hex');
  const stateid = '00'.repeat(16);
  const attributes = `${words(2, 0, 0).toString('hex')}${opaque(12)}`;
  const names = (count: number, ...parts: (number | string)[]) =>
    compoundOperations(new XdrReader(words(opaque(3), 1, count, ...parts)))
      .map(operation4)
      .join(' ');

  it.each([
    ['OPEN that creates by attributes', [18, 0, 1, 0, opaqueOwner(), 1, 0, attributes, 0, opaque(5)]],
    ['OPEN that creates exclusively', [18, 0, 1, 0, opaqueOwner(), 1, 3, '00'.repeat(8), attributes, 0, opaque(5)]],
    ['OPEN by handle', [18, 0, 1, 0, opaqueOwner(), 0, 4]],
    ['OPEN of an earlier opening', [18, 0, 1, 0, opaqueOwner(), 0, 1, 0]],
    ['OPEN by handle and delegation', [18, 0, 1, 0, opaqueOwner(), 0, 5, stateid]],
    ['OPEN by handle, of an earlier delegation', [18, 0, 1, 0, opaqueOwner(), 0, 6]],
    ['OPEN of an earlier delegation, by name', [18, 0, 1, 0, opaqueOwner(), 0, 3, opaque(6)]],
    ['OPEN by name and delegation', [18, 0, 1, 0, opaqueOwner(), 0, 2, stateid, opaque(6)]],
    ['CREATE of a symbolic link', [6, 5, opaque(9), opaque(3), attributes]],
    ['CREATE of a device', [6, 3, 8, 1, opaque(3), attributes]],
    ['CREATE of a folder', [6, 2, opaque(3), attributes]],
    ['LOCK of a new owner', [12, 2, 0, '00'.repeat(16), 1, 0, stateid, 0, '00'.repeat(8), opaque(20)]],
    ['LOCK of a known owner', [12, 2, 0, '00'.repeat(16), 0, stateid, 7]],
    ['WRITE', [38, stateid, '00'.repeat(8), 2, opaque(1001)]],
    ['SETATTR', [34, stateid, attributes]],
    ['SEEK', [69, stateid, '00'.repeat(8), 1]],
  ] as const)('finds what comes after %s', (_title, parts) => {
    const [operation] = parts;
    expect(names(2, ...parts, 9, 1, 0)).toBe(`${operation4(operation as number)} GETATTR`);
  });

  it('leaves out what comes after one that it does not know, or that is cut off', () => {
    expect(names(3, 10, 60, 0, 0)).toBe('GETFH COPY');
    expect(names(3, 10, 22, 99)).toBe('GETFH PUTFH');
  });

  function opaqueOwner(): string {
    return `${'00'.repeat(8)}${words(8).toString('hex')}${'00'.repeat(8)}`;
  }
});
