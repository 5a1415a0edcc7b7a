import { describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import { inLane, laneCount, optionsOfAskedLane, optionsOfLane } from './lanes.ts';

const options = (flags: Record<string, string> = {}) => fakeOptions('/tmp', flags);
const machine = { cpus: 8, freeMiB: 16_000 };

describe('how many lanes a run gets', () => {
  it('as many as were asked for, as long as each has a testcase', () => {
    expect(laneCount(options({ LANES: '3' }), { attached: false, testcases: ['a', 'b', 'c', 'd'] }, machine)).toBe(3);
    expect(laneCount(options({ LANES: '3' }), { attached: false, testcases: ['a'] }, machine)).toBe(1);
    expect(laneCount(options({ LANES: '3' }), { attached: false, testcases: [] }, machine)).toBe(3);
  });

  it('one in an environment that runs already', () => {
    expect(laneCount(options({ LANES: '3' }), { attached: true, testcases: ['a', 'b'] }, machine)).toBe(1);
  });

  it('auto: as many as there are processors and memory for, one at least', () => {
    const auto = options({ LANES: 'auto', VM_MEMORY: '600M' });
    const of = (cpus: number, freeMiB: number) => laneCount(auto, { attached: false, testcases: [] }, { cpus, freeMiB });
    expect([of(8, 16_000), of(8, 3_000), of(2, 16_000), of(8, 100)]).toEqual([8, 3, 2, 1]);
  });
});

it('a lane has ports of its own, and its share of the processors', () => {
  const all = options({ NFS_PORT: '4000', SSH_PORT: '2222' });
  const [first, third] = [optionsOfLane(all, 0, 3, 2), optionsOfLane(all, 2, 3, 2)];
  expect(first).toMatchObject({ lane: 0, nfsPort: { value: 4000 }, sshPort: { value: 2222 }, cpus: 1 });
  expect(third).toMatchObject({ lane: 2, nfsPort: { value: 4020, explicit: false }, sshPort: { value: 2242 } });
});

describe('the lane that a command is asked about', () => {
  const asked = (lane: string) => optionsOfAskedLane(options(), (key) => (key === 'LANE' ? lane : ''));

  it('is counted from 1', () => {
    expect([asked('').lane, asked('1').lane, asked('2').lane, asked('16').lane]).toEqual([0, 0, 1, 15]);
    expect([inLane(asked('1')), inLane(asked('2'))]).toEqual(['', ' in lane 2']);
  });

  it.each(['0', '17', '-1', 'two', '1.5'])('is not %s', (text) => {
    expect(() => asked(text)).toThrow(`LANE is '${text}'`);
  });
});
