import { describe, expect, it } from 'vitest';
import { EnvironmentError } from '../model/errors.ts';
import { type FakeRun, type FakeSteps, outcomeWith, startFakeRun } from './fake-steps.ts';

const quit = outcomeWith(0, 'the session ended');
const stopped = outcomeWith(130, 'stopped by the user');

/** A session that waits for orders. */
async function startSession(script: FakeSteps['script'] = {}): Promise<FakeRun> {
  const run = startFakeRun(script, { goal: 'session', timeoutMs: 1_000 });
  await run.begun('upload');
  await idle(run);
  return run;
}

/** Waits until the lane has nothing to do. */
const idle = (run: FakeRun) => expect.poll(() => laneState(run)).toBe('idle');

function laneState({ actor }: FakeRun): unknown {
  const snapshot = actor.getSnapshot().children.lane?.getSnapshot();
  const value = snapshot && 'value' in snapshot ? snapshot.value : undefined;
  return typeof value === 'object' && 'active' in value ? value.active : value;
}

const tail = ({ steps }: FakeRun, count: number) => steps.log.slice(-count);

describe('a session', () => {
  it('starts everything and waits; run.stop ends it', async () => {
    const run = await startSession();
    expect(tail(run, 4)).toEqual(['startServer', 'startVm', 'connect', 'upload']);
    run.actor.send({ type: 'run.stop', outcome: quit });
    expect(await run.ended).toEqual(quit);
    expect(tail(run, 1)).toEqual(['release']);
  });

  it('runs what is selected, again and again', async () => {
    const run = await startSession();
    for (const testcases of [['open'], ['read', 'write']]) {
      run.actor.send({ type: 'tests.run', testcases });
      await idle(run);
    }
    expect(run.steps.selections).toEqual([['open'], ['read', 'write']]);
    run.actor.send({ type: 'run.stop', outcome: quit });
    await run.ended;
  });

  it('stops a suite without ending the session; the next waits for it to be gone', async () => {
    const run = await startSession({ runSuite: 'hang' });
    run.actor.send({ type: 'tests.run', testcases: ['open'] });
    await run.begun('runSuite');
    run.actor.send({ type: 'tests.stop', outcome: stopped });
    // Too early: it is not taken.
    run.actor.send({ type: 'tests.run', testcases: ['read'] });
    await idle(run);
    expect(tail(run, 4)).toEqual(['runSuite', 'runSuite cut off', 'runSuite tidied up', 'settle']);
    run.actor.send({ type: 'tests.run', testcases: ['write'] });
    expect(run.steps.selections).toEqual([['open'], ['write']]);
    run.actor.send({ type: 'run.stop', outcome: quit });
    expect(await run.ended).toEqual(quit);
    expect(tail(run, 3)).toEqual(['runSuite cut off', 'runSuite tidied up', 'release']);
  });

  it('survives a server that dies, idle or testing, and starts another', async () => {
    const run = await startSession({ runSuite: 'hang' });
    const lose = () => run.steps.controls.get('startServer')?.lose(outcomeWith(4, 'the server died'));
    lose();
    expect(laneState(run)).toBe('idle');
    run.actor.send({ type: 'server.restart' });
    await idle(run);
    run.actor.send({ type: 'tests.run', testcases: ['open'] });
    await run.begun('runSuite');
    lose();
    await idle(run);
    expect(tail(run, 5)).toEqual(['restartServer', 'runSuite', 'runSuite cut off', 'runSuite tidied up', 'settle']);
    run.actor.send({ type: 'run.stop', outcome: quit });
    expect(await run.ended).toEqual(quit);
  });

  it('ends with a client that is lost', async () => {
    const run = await startSession();
    run.steps.controls.get('startVm')?.lose(outcomeWith(5, 'the client VM ended'));
    expect(await run.ended).toMatchObject({ exitCode: 5 });
    expect(tail(run, 1)).toEqual(['release']);
  });

  it('ends with a server that can’t be started again', async () => {
    const run = await startSession({ restartServer: new EnvironmentError('no port', 'free it') });
    run.actor.send({ type: 'server.restart' });
    expect(await run.ended).toMatchObject({ exitCode: 3, reason: 'no port' });
    expect(tail(run, 2)).toEqual(['restartServer', 'release']);
  });

  it('a time-out is diagnosed, and the session goes on', async () => {
    const run = await startSession({ runSuite: 'hang', diagnose: outcomeWith(1, 'it took too long') });
    run.actor.send({ type: 'tests.run', testcases: ['open'] });
    await run.begun('runSuite');
    run.clock.increment(1_000);
    await run.begun('diagnose');
    await idle(run);
    expect(tail(run, 1)).toEqual(['settle']);
    run.actor.send({ type: 'run.stop', outcome: quit });
    await run.ended;
  });

  it('its commands mean nothing to a single run', async () => {
    const run = startFakeRun({ runSuite: 'hang' });
    await run.begun('runSuite');
    run.actor.send({ type: 'tests.run', testcases: ['read'] });
    run.actor.send({ type: 'tests.stop', outcome: stopped });
    run.actor.send({ type: 'server.restart' });
    expect(laneState(run)).toBe('testing');
    expect(tail(run, 1)).toEqual(['runSuite']);
    run.actor.send({ type: 'run.stop', outcome: quit });
    await run.ended;
  });
});

describe('a round that rebuilds', () => {
  const rebuild = (run: FakeRun, testcases = ['write']) => run.actor.send({ type: 'tests.run', testcases, rebuild: true });
  const overtaken = outcomeWith(130, 'overtaken');
  const end = async (run: FakeRun) => {
    run.actor.send({ type: 'run.stop', outcome: quit });
    expect(await run.ended).toEqual(quit);
  };

  it('builds, restarts the server alone, tests', async () => {
    const run = await startSession();
    rebuild(run);
    await idle(run);
    expect(tail(run, 3)).toEqual(['rebuildServer', 'restartServer', 'runSuite']);
    expect(run.steps.selections).toEqual([['write']]);
    await end(run);
  });

  it.each([
    ['rebuildServer', []],
    ['restartServer', ['rebuildServer']],
  ] as const)('goes on after a %s that fails, without tests', async (step, before) => {
    const run = await startSession({ [step]: new EnvironmentError('no such crate', 'mend it') });
    const ends: string[] = [];
    run.actor.on('idle', ({ outcome }) => ends.push(outcome.reason));
    rebuild(run);
    await idle(run);
    expect(ends).toEqual(['no such crate']);
    expect(tail(run, before.length + 1)).toEqual([...before, step]);
    run.steps.script[step] = 'ok';
    rebuild(run);
    await idle(run);
    expect(tail(run, 3)).toEqual(['rebuildServer', 'restartServer', 'runSuite']);
    await end(run);
  });

  it.each(['rebuildServer', 'restartServer', 'runSuite'] as const)('is ended in %s, and the next waits for it to be gone', async (step) => {
    const run = await startSession({ [step]: 'hang' });
    rebuild(run);
    await run.begun(step);
    run.actor.send({ type: 'tests.stop', outcome: overtaken });
    await idle(run);
    expect(tail(run, 4)).toEqual([step, `${step} cut off`, `${step} tidied up`, 'settle']);
    run.steps.script[step] = 'ok';
    rebuild(run, ['read']);
    await idle(run);
    expect(run.steps.selections.at(-1)).toEqual(['read']);
    await end(run);
  });

  it('does not mind the end of the server that it replaces; a lost client ends all', async () => {
    const run = await startSession({ rebuildServer: 'hang' });
    rebuild(run);
    await run.begun('rebuildServer');
    run.steps.controls.get('startServer')?.lose(outcomeWith(4, 'the server died'));
    expect(laneState(run)).toBe('rebuilding');
    run.steps.controls.get('startVm')?.lose(outcomeWith(5, 'the client VM ended'));
    expect(await run.ended).toMatchObject({ exitCode: 5 });
  });
});
