import { describe, expect, test } from 'vitest';
import { readDefaults } from '../config/defaults-file.ts';
import { resolveOptions } from '../config/options.ts';
import { inLane, laneCount, optionsOfAskedLane, optionsOfLane } from './lanes.ts';

const optionsOf = (environment: Record<string, string> = {}) => resolveOptions({ flags: {}, environment, defaults: readDefaults(), cwd: '/checkout' });
const machine = { cpus: 4, freeMiB: 16_000 };
const testcases = ['access', 'read', 'stat', 'write', 'open'];

describe('laneCount', () => {
  test('auto is one per processor', () => {
    expect(laneCount(optionsOf({ LANES: 'auto' }), { attached: false, testcases }, machine)).toBe(4);
  });

  test('auto goes no further than the free memory: a guest of 512 MiB needs 912', () => {
    expect(laneCount(optionsOf({ LANES: 'auto' }), { attached: false, testcases }, { ...machine, freeMiB: 1_900 })).toBe(2);
    expect(laneCount(optionsOf({ LANES: 'auto', VM_MEMORY: '1G' }), { attached: false, testcases }, { ...machine, freeMiB: 1_900 })).toBe(1);
    expect(laneCount(optionsOf({ LANES: 'auto' }), { attached: false, testcases }, { ...machine, freeMiB: 100 })).toBe(1);
  });

  test('a number is taken as it is, whatever the machine', () => {
    expect(laneCount(optionsOf({ LANES: '3' }), { attached: false, testcases }, { cpus: 1, freeMiB: 100 })).toBe(3);
  });

  test('no lane without a testcase; a session may be asked for all', () => {
    expect(laneCount(optionsOf({ LANES: '3' }), { attached: false, testcases: ['read'] }, machine)).toBe(1);
    expect(laneCount(optionsOf({ LANES: '3' }), { attached: false, testcases: [] }, machine)).toBe(3);
  });

  test('an environment that runs is one pair', () => {
    expect(laneCount(optionsOf({ LANES: '3' }), { attached: true, testcases }, machine)).toBe(1);
  });
});

describe('optionsOfLane', () => {
  test('a single lane has the options as they are', () => {
    const options = optionsOf();
    expect(optionsOfLane(options, 0, 1, 2)).toBe(options);
  });

  test('ports lie ten apart, and another is taken where one is busy', () => {
    const options = optionsOf({ NFS_PORT: '4000', SSH_PORT: '2222' });
    const lanes = [0, 1, 2].map((lane) => optionsOfLane(options, lane, 3, 8));
    expect(lanes.map(({ nfsPort }) => nfsPort.value)).toEqual([4000, 4010, 4020]);
    expect(lanes.map(({ sshPort }) => sshPort.value)).toEqual([2222, 2232, 2242]);
    expect(lanes.slice(1).flatMap(({ nfsPort, sshPort }) => [nfsPort.explicit, sshPort.explicit])).toEqual([false, false, false, false]);
    expect(lanes.map(({ lane }) => lane)).toEqual([0, 1, 2]);
  });

  test('processors are shared out; those that were asked for are given to each', () => {
    expect(optionsOfLane(optionsOf(), 1, 2, 2).cpus).toBe(1);
    expect(optionsOfLane(optionsOf(), 0, 2, 2).cpus).toBe(1);
    expect(optionsOfLane(optionsOf(), 1, 4, 2).cpus).toBe(1);
    expect(optionsOfLane(optionsOf({ VM_CPUS: '2' }), 1, 2, 2).cpus).toBe(2);
  });
});

describe('the lane that a command is asked about', () => {
  const asked = (lane: string) => optionsOfAskedLane(optionsOf(), (key) => (key === 'LANE' ? lane : ''));

  test('is counted from 1', () => {
    expect([asked('').lane, asked('1').lane, asked('2').lane, asked('16').lane]).toEqual([0, 0, 1, 15]);
    expect([inLane(asked('1')), inLane(asked('2'))]).toEqual(['', ' in lane 2']);
  });

  test.each(['0', '17', '-1', 'two', '1.5'])('is not %s', (text) => {
    expect(() => asked(text)).toThrow(`LANE is '${text}'`);
  });
});
