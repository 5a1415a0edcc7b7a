import { readFileSync } from 'node:fs';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeFolder } from '../services/fake-folder.ts';
import { readCalls, type SeenCall } from '../wire/calls.ts';
import { readPcap, writePcap } from '../wire/pcap.ts';
import { CallTally } from './call-tally.ts';

const ports = [4000, 4001];
const bytes = new Uint8Array(readFileSync(join(import.meta.dirname, '../../test/fixtures/captures/v4.1-rename.pcap')));
const packets = readPcap(bytes);
const always = { fromMs: 1, toMs: Date.now() + 1_000_000 };
const text = ({ call, status, latencyMs }: SeenCall) => `${call} ${status} ${latencyMs}`;
const all = readCalls(packets, ports).map(text);

let folder: string;
let tally: CallTally;
beforeEach(() => {
  folder = fakeFolder();
  tally = new CallTally(ports);
});
const file = (name: string) => join(folder, name);
const counted = () => tally.within(always).calls.map(text);

describe('calls in a capture that goes on', () => {
  it.each([1, 24, 1_000, 1_001])('each part is read once, wherever it was cut (%s bytes)', async (length) => {
    await writeFile(file('1'), '');
    for (let at = 0; at < bytes.length; at += length === 1 ? 101 : length) {
      await appendFile(file('1'), bytes.subarray(at, at + (length === 1 ? 101 : length)));
      await tally.update([file('1')]);
    }
    expect(counted()).toEqual(all);
  });

  it('goes on with the next file; what is in both counts once', async () => {
    for (const common of [0, 1, 9]) {
      tally = new CallTally(ports);
      await writeFile(file('1'), writePcap(packets.slice(0, 20)));
      await tally.update([file('1')]);
      await writeFile(file('1'), writePcap(packets.slice(0, 30)));
      await writeFile(file('2'), writePcap(packets.slice(30 - common)));
      await tally.update([file('1'), file('2')]);
      await tally.update([file('2')]);
      expect(counted()).toEqual(all);
      expect(tally.within(always).complete).toBe(true);
    }
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
