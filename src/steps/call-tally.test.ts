import { readFileSync } from 'node:fs';
import { appendFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeFolder } from '../services/fake-folder.ts';
import { readCalls, type SeenCall } from '../wire/calls.ts';
import { PcapParts, readPcap, writePcap } from '../wire/pcap.ts';
import { CallTally } from './call-tally.ts';

const ports = [4000, 4001];
const bytes = new Uint8Array(readFileSync(join(import.meta.dirname, '../../test/fixtures/captures/v4.1-rename.pcap')));
const packets = readPcap(bytes);
const always = { fromMs: 1, toMs: Date.now() + 1_000_000 };
const text = ({ call, status, latencyMs }: SeenCall) => `${call} ${status} ${latencyMs}`;
const all = readCalls(packets, ports).map(text);

/** When the last packet of all passed. */
const endMs = Date.now();

let folder: string;
let tally: CallTally;
beforeEach(() => {
  folder = fakeFolder();
  tally = new CallTally(ports, file('1'));
});
const file = (name: string) => join(folder, name);
const counted = () => tally.within(always).calls.map(text);

describe('calls in a capture that goes on', () => {
  /** As QEMU writes it: a packet when it passes, by another clock. */
  const writtenAt = async (name: string, part: Uint8Array, secondsAgo = 0) => {
    await appendFile(file(name), part);
    const lastUs = new PcapParts().take(readFileSync(file(name))).lastUs ?? 0;
    const time = endMs / 1000 - secondsAgo + (lastUs - (packets.at(-1)?.timeUs ?? 0)) / 1_000_000;
    await utimes(file(name), time, time);
  };

  it.each([7, 24, 1_000, 1_001])('each part is read once, wherever it was cut (%s bytes)', async (length) => {
    for (let at = 0; at < bytes.length; at += length) {
      await writtenAt('1', bytes.subarray(at, at + length));
      await tally.update([file('1')]);
    }
    expect(counted()).toEqual(all);
  });

  it('where the VM was paused the times after it are right, too', async () => {
    const half = writePcap(packets.slice(0, 8)).length;
    await writtenAt('1', bytes.subarray(0, half), 60);
    await tally.update([file('1')]);
    await writtenAt('1', bytes.subarray(half));
    await tally.update([file('1')]);
    const ages = tally.within(always).calls.map(({ timeUs }) => Math.round((endMs - timeUs / 1000) / 30_000));
    expect(new Set(ages)).toEqual(new Set([2, 0]));
  });

  it('a write that comes late does not change how long a call took', async () => {
    for (const at of packets.keys()) {
      const from = writePcap(packets.slice(0, at)).length;
      await writtenAt('1', writePcap(packets.slice(0, at + 1)).subarray(at === 0 ? 0 : from), (at % 3) / 100);
      await tally.update([file('1')]);
    }
    expect(counted()).toEqual(all);
  });

  it('goes on with the next file; what is in both counts once', async () => {
    for (const common of [0, 1, 9]) {
      tally = new CallTally(ports, file('1'));
      await writeFile(file('1'), writePcap(packets.slice(0, 6)));
      await tally.update([file('1')]);
      await writeFile(file('1'), writePcap(packets.slice(0, 10)));
      await writeFile(file('2'), writePcap(packets.slice(10 - common)));
      await tally.update([file('1'), file('2')]);
      await tally.update([file('2')]);
      expect(counted()).toEqual(all);
      expect(tally.within(always).complete).toBe(true);
    }
  });

  it('a call in one file, its answer in the next', async () => {
    await writtenAt('1', writePcap(packets.slice(0, 7)));
    await writtenAt('2', writePcap(packets.slice(7)));
    await tally.update([file('1'), file('2')]);
    expect(counted()).toEqual(all);
  });

  it('a file that the ring has dropped before it was read: not complete, and what comes after it is', async () => {
    const lost = packets.findIndex(({ timeUs }) => timeUs === readCalls(packets, ports)[3]?.timeUs);
    await writeFile(file('1'), writePcap(packets.slice(0, lost)));
    await tally.update([file('1')]);
    await rm(file('1'));
    await writeFile(file('3'), writePcap(packets.slice(lost + 1)));
    await tally.update([file('3')]);
    expect(tally.within(always).complete).toBe(false);
    expect(counted()).toEqual(all.filter((_, index) => index !== 3));
    expect(tally.within({ fromMs: Date.now() + 1, toMs: always.toMs }).complete).toBe(true);
  });

  it('a first file that went before anything was read is a gap as well', async () => {
    await writeFile(file('9'), writePcap(packets));
    await tally.update([file('9')]);
    expect(tally.within(always).complete).toBe(false);
  });

  it('a connection from the same port after a gap is another one', async () => {
    /** The stream of the client, begun anew with smaller numbers. */
    const later = packets.map((packet) => {
      const frame = Uint8Array.from(packet.frame);
      const view = new DataView(frame.buffer);
      if (frame.length > 50) for (const at of [38, 42]) view.setUint32(at, (view.getUint32(at) - 1_000_000) >>> 0);
      return { ...packet, frame };
    });
    await writeFile(file('1'), writePcap(packets));
    await tally.update([file('1')]);
    tally.forget(always.toMs);
    await rm(file('1'));
    await writeFile(file('9'), writePcap(later));
    await tally.update([file('9')]);
    expect(counted()).toEqual(all);
  });

  it('one that goes while it is to be read is no error', async () => {
    await writeFile(file('2'), writePcap(packets));
    await tally.update([file('1'), file('2')]);
    expect(counted()).toEqual(all);
    expect(tally.within(always).complete).toBe(false);
  });

  it('gives those of a span, by the host’s clock, and forgets on request', async () => {
    await writeFile(file('1'), writePcap(packets));
    await tally.update([file('1')]);
    const times = tally.within(always).calls.map(({ timeUs }) => timeUs / 1000);
    const [first = 0, last = 0] = [times[0], times.at(-1)];
    expect(Math.abs(Date.now() - last)).toBeLessThan(10_000);
    expect(tally.within({ fromMs: first, toMs: first }).calls).toHaveLength(times.filter((time) => time === first).length);
    expect(tally.within({ fromMs: last + 1, toMs: always.toMs }).calls).toEqual([]);
    tally.forget(last);
    expect(counted()).toEqual(all.slice(times.findIndex((time) => time >= last)));
  });
});
