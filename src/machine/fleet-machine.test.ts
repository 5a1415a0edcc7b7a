import { describe, expect, it } from 'vitest';
import { EnvironmentError } from '../model/errors.ts';
import { type FakeFleet, startFakeFleet, suitePassed } from './fake-fleet.ts';
import { outcomeWith } from './fake-steps.ts';

const hang = { runSuite: 'hang' } as const;
const interrupted = outcomeWith(130, 'interrupted');
const broken = new EnvironmentError('no port', 'free it');
const last = ({ lanes }: FakeFleet, lane: number) => lanes[lane]?.log.at(-1);

describe('lanes that share a run’s testcases', () => {
  it('begin when all are ready, and end with the verdict over everything', async () => {
    const run = startFakeFleet([{}, {}]);
    expect(await run.ended).toEqual(suitePassed);
    expect(run.lanes.map(({ selections }) => selections)).toEqual([[['a', 'c']], [['b', 'd']]]);
    expect(run.lanes.map(({ released }) => released)).toEqual([[suitePassed], [suitePassed]]);
    expect(run.notes).toEqual([]);
  });

  it.each([
    ['vm', 'lost its client VM (the client VM ended)', suitePassed],
    ['server', 'lost its server (the server died)', { exitCode: 4, reason: 'lane 2: the server died; all passed' }],
  ] as const)('a lane that loses its %s gives what it has not finished to the others', async (part, what, outcome) => {
    const run = startFakeFleet([{}, hang]);
    await run.begun(1, 'runSuite');
    run.pass(1, 'b');
    run.lose(1, part);
    expect(await run.ended).toMatchObject(outcome);
    expect(run.lanes[0]?.selections).toEqual([['a', 'c'], ['d']]);
    expect(run.notes).toEqual([`[2] lane 2 ${what}; its testcases (d) run on the others`]);
    expect(last(run, 1)).toBe('release');
  });

  it('one that fails in its start leaves everything to the others', async () => {
    const run = startFakeFleet([{}, { startVm: broken }]);
    expect(await run.ended).toEqual(suitePassed);
    expect(run.lanes[0]?.selections).toEqual([['a', 'b', 'c', 'd']]);
    expect(run.notes).toEqual(['[2] lane 2 failed (no port)']);
  });

  it('none that starts: the first reason', async () => {
    const run = startFakeFleet([{ startVm: broken }, { startServer: new EnvironmentError('no image', 'build it') }]);
    expect(await run.ended).toMatchObject({ exitCode: 3, reason: expect.stringMatching(/^lane [12]: no (port|image)$/) });
    expect(run.lanes.flatMap(({ selections }) => selections)).toEqual([]);
  });

  it('testcases that no lane is left for do not run', async () => {
    const run = startFakeFleet([hang, hang], { testcases: ['a', 'b'] });
    for (const lane of [0, 1]) await run.begun(lane, 'runSuite');
    for (const lane of [0, 1]) run.lose(lane, 'vm');
    expect(await run.ended).toMatchObject({ exitCode: 5, reason: 'lane 1: the client VM ended' });
    expect(run.lanes.map(({ selections }) => selections)).toEqual([[['a']], [['b']]]);
    expect(run.notes.at(-1)).toMatch(/; its testcases \([ab]\) do not run$/);
  });

  it('a testcase that two lanes have lost is not given to a third', async () => {
    const run = startFakeFleet([hang, hang, hang], { testcases: ['a', 'b'] });
    for (const lane of [0, 1]) await run.begun(lane, 'runSuite');
    run.lose(1, 'vm');
    await run.begun(2, 'runSuite');
    run.lose(2, 'vm');
    await run.begun(2, 'release');
    run.pass(0, 'a');
    run.lanes[0]?.finish('runSuite');
    expect(await run.ended).toMatchObject({ exitCode: 5, reason: 'lane 2: the client VM ended; not run: b' });
    expect(run.lanes.map(({ selections }) => selections)).toEqual([[['a']], [['b']], [['b']]]);
    expect(run.notes.at(-1)).toBe('[3] lane 3 lost its client VM (the client VM ended); b had been lost before and will not run again');
  });

  it('a loss after its testcases are done changes nothing but is told; a server’s is a finding', async () => {
    for (const [part, exitCode] of [
      ['vm', 0],
      ['server', 4],
    ] as const) {
      const run = startFakeFleet([hang, {}], { testcases: ['a', 'b'] });
      await run.begun(1, 'runSuite');
      await run.begun(0, 'runSuite');
      await expect.poll(() => run.actor.getSnapshot().children.lane?.getSnapshot()).toMatchObject({ context: { fleet: { lanes: [{}, { status: 'idle' }] } } });
      run.lose(1, part);
      await run.begun(1, 'release');
      run.lanes[0]?.finish('runSuite');
      expect(await run.ended).toMatchObject({ exitCode });
      expect(run.notes).toEqual([expect.stringMatching(/^\[2\] lane 2 lost its (client VM|server) \([^;]*$/)]);
    }
  });

  it('a time-out ends one lane’s share; its hint stays', async () => {
    const run = startFakeFleet([hang, hang].map((script) => ({ ...script, diagnose: { ...outcomeWith(1, 'too long'), hint: 'give more time' } })));
    await run.begun(0, 'runSuite');
    await run.begun(1, 'runSuite');
    run.clock.increment(60_000);
    expect(await run.ended).toEqual({ ...suitePassed, hint: 'give more time' });
    expect(run.lanes.map(({ selections }) => selections.length)).toEqual([1, 1]);
  });
});

describe('run.stop with several lanes', () => {
  it.each(['startServer', 'startVm', 'connect', 'upload', 'runSuite'] as const)('ends all of them in %s', async (step) => {
    const run = startFakeFleet([{ [step]: 'hang' }, { [step]: 'hang' }]);
    for (const lane of [0, 1]) await run.begun(lane, step);
    run.actor.send({ type: 'run.stop', outcome: interrupted });
    expect(await run.ended).toEqual(interrupted);
    for (const { log } of run.lanes) {
      expect(log).toContain(`${step} tidied up`);
      expect([log.at(-1), log.includes('force')]).toEqual(['release', false]);
    }
    expect(run.notes).toEqual([]);
  });

  it('reaches a lane that waits while another one starts', async () => {
    const run = startFakeFleet([{}, { startVm: 'hang' }]);
    await run.begun(0, 'upload');
    await run.begun(1, 'startVm');
    run.actor.send({ type: 'run.stop', outcome: interrupted });
    expect(await run.ended).toEqual(interrupted);
    expect(run.lanes.flatMap(({ selections }) => selections)).toEqual([]);
  });

  it('sent twice, forces', async () => {
    const run = startFakeFleet([hang, { ...hang, release: 'hang' }]);
    await run.begun(1, 'runSuite');
    run.actor.send({ type: 'run.stop', outcome: interrupted });
    await run.begun(1, 'release');
    run.actor.send({ type: 'run.stop', outcome: outcomeWith(143) });
    expect(await run.ended).toEqual(interrupted);
    expect(run.lanes[1]?.log.at(-1)).toBe('force');
  });

  it('the first one forces no lane that is being ended already', async () => {
    const run = startFakeFleet([hang, { ...hang, release: 'hang' }]);
    await run.begun(1, 'runSuite');
    run.lose(1, 'server');
    await run.begun(1, 'release');
    run.actor.send({ type: 'run.stop', outcome: interrupted });
    await run.begun(0, 'release');
    expect(run.lanes[1]?.log).not.toContain('force');
    run.actor.send({ type: 'run.stop', outcome: interrupted });
    expect(await run.ended).toEqual(interrupted);
  });

  it('what can’t be stopped weighs more than the verdict', async () => {
    const run = startFakeFleet([{}, { release: new EnvironmentError('the container stays', 'look after it') }]);
    expect(await run.ended).toMatchObject({ exitCode: 3, reason: 'the container stays' });
  });
});

describe('a session with several lanes', () => {
  const quit = outcomeWith(0, 'over');
  const idleAgain = async (run: FakeFleet, times: number) => {
    await expect.poll(() => run.idles.length).toBe(times);
    return run.idles.at(-1);
  };
  const start = async (scripts: Parameters<typeof startFakeFleet>[0]) => {
    const run = startFakeFleet(scripts, { goal: 'session', testcases: [] });
    expect(await idleAgain(run, 1)).toMatchObject({ exitCode: 0 });
    return run;
  };
  const end = async (run: FakeFleet) => {
    run.actor.send({ type: 'run.stop', outcome: quit });
    expect(await run.ended).toEqual(quit);
    for (const { log } of run.lanes) expect(log).toContain('release');
  };

  it('is idle once for all lanes, runs what is asked for, again and again', async () => {
    const run = await start([{}, {}]);
    run.actor.send({ type: 'tests.run', testcases: ['a', 'b'] });
    expect(await idleAgain(run, 2)).toEqual(suitePassed);
    run.actor.send({ type: 'tests.run', testcases: ['c'] });
    expect(await idleAgain(run, 3)).toEqual(suitePassed);
    expect(run.lanes.map(({ selections }) => selections)).toEqual([[['a'], ['c']], [['b']]]);
    await end(run);
  });

  it('tests.stop ends the testcases of all lanes; what comes too early is not taken', async () => {
    const run = await start([hang, hang]);
    run.actor.send({ type: 'tests.run', testcases: ['a', 'b'] });
    run.actor.send({ type: 'tests.run', testcases: ['c'] });
    run.actor.send({ type: 'tests.stop', outcome: interrupted });
    expect(await idleAgain(run, 2)).toEqual(interrupted);
    expect(run.lanes.map(({ selections }) => selections)).toEqual([[['a']], [['b']]]);
    await end(run);
  });

  it('goes on with the lanes whose server lives; a restart brings the other back', async () => {
    const run = await start([{}, hang]);
    run.actor.send({ type: 'tests.run', testcases: ['a', 'b'] });
    run.lose(1, 'server');
    expect(await idleAgain(run, 2)).toMatchObject({ exitCode: 4 });
    expect(run.lanes[0]?.selections).toEqual([['a'], ['b']]);
    run.actor.send({ type: 'tests.run', testcases: ['a', 'b'] });
    expect(await idleAgain(run, 3)).toEqual(suitePassed);
    expect(run.lanes.map(({ selections }) => selections.length)).toEqual([3, 1]);
    run.actor.send({ type: 'server.restart' });
    expect(await idleAgain(run, 4)).toMatchObject({ exitCode: 0 });
    expect(run.lanes.map(({ log }) => log.includes('restartServer'))).toEqual([true, true]);
    delete run.lanes[1]?.script.runSuite;
    run.actor.send({ type: 'tests.run', testcases: ['a', 'b'] });
    await idleAgain(run, 5);
    expect(run.lanes.map(({ selections }) => selections.length)).toEqual([4, 2]);
    await end(run);
  });

  it('says 4, not 0, where no server is left to run anything', async () => {
    const run = await start([{}, {}]);
    run.lose(0, 'server');
    run.lose(1, 'server');
    expect(await idleAgain(run, 3)).toMatchObject({ exitCode: 4, reason: 'lane 1: the server died' });
    run.actor.send({ type: 'tests.run', testcases: ['a'] });
    expect(await idleAgain(run, 4)).toMatchObject({ exitCode: 4 });
    expect(run.lanes.flatMap(({ selections }) => selections)).toEqual([]);
    await end(run);
  });

  it('goes on without a client that is lost, and ends with the last one', async () => {
    const run = await start([{}, {}]);
    run.lose(1, 'vm');
    expect(await idleAgain(run, 2)).toMatchObject({ exitCode: 0 });
    expect(run.notes).toEqual(['[2] lane 2 lost its client VM (the client VM ended)']);
    run.actor.send({ type: 'tests.run', testcases: ['a', 'b'] });
    expect(await idleAgain(run, 3)).toEqual(suitePassed);
    expect(run.lanes[0]?.selections).toEqual([['a', 'b']]);
    run.lose(0, 'vm');
    expect(await run.ended).toMatchObject({ exitCode: 0 });
  });

  it('a client that hangs is ended, its lane with it', async () => {
    const run = await start([{}, { ...hang, diagnose: outcomeWith(5, 'the client hangs') }]);
    run.actor.send({ type: 'tests.run', testcases: ['a', 'b'] });
    await run.begun(1, 'runSuite');
    run.clock.increment(60_000);
    expect(await idleAgain(run, 2)).toEqual(suitePassed);
    expect([last(run, 1), run.lanes[0]?.selections]).toEqual(['release', [['a'], ['b']]]);
    await end(run);
  });
});

describe('a lane that is put up anew', () => {
  const recover = true;
  const started = (fleet: FakeFleet) => fleet.lanes[0]?.selections;

  it('goes on with what has not run; what killed it comes last, once more', async () => {
    const fleet = startFakeFleet([{ runSuite: 'hang' }], { recover });
    await fleet.begun(0, 'runSuite');
    fleet.run(0, 'a');
    fleet.pass(0, 'a');
    fleet.run(0, 'b');
    const [first] = fleet.lanes;
    fleet.lose(0, 'vm');
    await expect.poll(() => started(fleet)).toEqual([['c', 'd']]);
    expect(first?.released).toMatchObject([{ exitCode: 5 }]);
    for (const name of ['c', 'd']) fleet.pass(0, name);
    fleet.lanes[0]?.finish('runSuite');
    await expect.poll(() => started(fleet)).toEqual([['c', 'd'], ['b']]);
    fleet.pass(0, 'b');
    fleet.lanes[0]?.finish('runSuite');
    // Everything ran: the mishap is told, and the verdict stands.
    expect(await fleet.ended).toEqual(expect.objectContaining({ exitCode: 0 }));
    expect(fleet.notes).toEqual([
      '[1] the run lost its client VM (the client VM ended); its testcases (c, d, b) run on a new one',
      '[1] replaced (1): the client VM ended',
    ]);
  });

  it('a testcase that kills it twice is not run a third time, and that is no pass', async () => {
    const fleet = startFakeFleet([{ runSuite: 'hang' }], { recover, testcases: ['a', 'b'] });
    await fleet.begun(0, 'runSuite');
    fleet.run(0, 'a');
    fleet.lose(0, 'vm');
    await expect.poll(() => started(fleet)).toEqual([['b']]);
    fleet.run(0, 'b');
    fleet.pass(0, 'b');
    fleet.lanes[0]?.finish('runSuite');
    await expect.poll(() => started(fleet)).toEqual([['b'], ['a']]);
    fleet.run(0, 'a');
    fleet.lose(0, 'vm');
    expect(await fleet.ended).toMatchObject({ exitCode: 5, reason: 'the client VM ended; not run: a' });
  });

  it('a server that dies is replaced too, and found out all the same', async () => {
    const fleet = startFakeFleet([{ runSuite: 'hang' }], { recover, testcases: ['a', 'b'] });
    await fleet.begun(0, 'runSuite');
    fleet.run(0, 'a');
    fleet.lose(0, 'server');
    await expect.poll(() => started(fleet)).toEqual([['b']]);
    fleet.pass(0, 'b');
    fleet.lanes[0]?.finish('runSuite');
    await expect.poll(() => started(fleet)).toEqual([['b'], ['a']]);
    fleet.pass(0, 'a');
    fleet.lanes[0]?.finish('runSuite');
    expect(await fleet.ended).toMatchObject({ exitCode: 4, reason: 'the server died; all passed' });
  });

  it('one that can’t be started is not tried again', async () => {
    const fleet = startFakeFleet([{ startVm: new EnvironmentError('no KVM', 'use TCG') }], { recover });
    expect(await fleet.ended).toMatchObject({ exitCode: 3, reason: 'no KVM' });
    expect(fleet.notes.filter((note) => note.includes('replaced'))).toEqual([]);
  });

  it('is tried only so often', async () => {
    const names = Array.from({ length: 9 }, (_, index) => `t${index}`);
    const fleet = startFakeFleet([{ runSuite: 'hang' }], { recover, testcases: names });
    for (const [index, name] of names.slice(0, 6).entries()) {
      await expect.poll(() => started(fleet)?.length).toBe(1);
      fleet.run(0, name);
      fleet.lose(0, 'vm');
      if (index < 5) await expect.poll(() => fleet.notes.filter((note) => note.includes('replaced')).length).toBe(index + 1);
    }
    expect(await fleet.ended).toMatchObject({ exitCode: 5 });
  });
});
