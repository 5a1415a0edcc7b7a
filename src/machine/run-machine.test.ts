import { describe, expect, it } from 'vitest';
import { EnvironmentError, UserError } from '../model/errors.ts';
import { outcomeWith, type StepName, startFakeRun } from './fake-steps.ts';

const interrupted = outcomeWith(130, 'interrupted by SIGINT');
const releases = (log: readonly string[]) => log.filter((entry) => entry === 'release').length;

describe('a run', () => {
  it('goes its whole way', async () => {
    const { steps, bodies, ended } = startFakeRun({ runSuite: outcomeWith(0, '3 testcases passed') });
    expect(await ended).toEqual(outcomeWith(0, '3 testcases passed'));
    expect(steps.log).toEqual(['serverImage', 'vmImage', 'suiteSource', 'startServer', 'startVm', 'connect', 'upload', 'runSuite', 'release']);
    expect(steps.released).toEqual([outcomeWith(0, '3 testcases passed')]);
    expect(bodies.map(({ type }) => type)).toEqual(['run.started']);
  });

  it('passes on what steps report, also while it stops', async () => {
    const run = startFakeRun({ runSuite: 'hang', release: 'hang' });
    await run.begun('runSuite');
    run.steps.controls.get('startServer')?.report({ type: 'server.ready' });
    run.actor.send({ type: 'run.stop', outcome: interrupted });
    await run.begun('release');
    run.steps.controls.get('release')?.report({ type: 'phase.started', phase: 'stop' });
    run.actor.send({ type: 'run.stop', outcome: interrupted });
    await run.ended;
    expect(run.bodies.slice(1)).toEqual([{ type: 'server.ready' }, { type: 'phase.started', phase: 'stop' }]);
  });

  it('`build` ends with the images', async () => {
    const { steps, ended } = startFakeRun({}, { goal: 'build' });
    expect(await ended).toMatchObject({ exitCode: 0, reason: 'everything is built' });
    expect(steps.log).toEqual(['serverImage', 'vmImage', 'suiteSource']);
  });

  it('`environment` ends with a client that answers; the suite is had, because a VM is saved with it', async () => {
    const { steps, ended } = startFakeRun({}, { goal: 'environment' });
    expect(await ended).toMatchObject({ exitCode: 0, reason: 'the environment is ready' });
    expect(steps.log).toEqual(['serverImage', 'vmImage', 'suiteSource', 'startServer', 'startVm', 'connect', 'release']);
  });

  it.each([
    ['the server alone', { server: true, vm: false }, ['serverImage', 'startServer', 'release']],
    ['the VM alone', { server: false, vm: true }, ['vmImage', 'suiteSource', 'startVm', 'connect', 'release']],
  ])('starts %s', async (_, parts, log) => {
    const { steps, ended } = startFakeRun({}, { goal: 'environment', parts });
    expect(await ended).toMatchObject({ exitCode: 0 });
    expect(steps.log).toEqual(log);
  });

  it('takes up an environment that runs already', async () => {
    const { steps, ended } = startFakeRun({}, { attach: true });
    expect(await ended).toMatchObject({ exitCode: 0 });
    expect(steps.log).toEqual(['suiteSource', 'attach', 'connect', 'upload', 'runSuite', 'release']);
  });
});

describe('a step that fails', () => {
  const failure = new EnvironmentError('it broke', 'mend it');

  it.each<StepName>(['serverImage', 'vmImage', 'suiteSource'])('%s: the others are cut off and waited for; nothing is started', async (name) => {
    const others = (['serverImage', 'vmImage', 'suiteSource'] as const).filter((other) => other !== name);
    const { steps, ended } = startFakeRun({ [others[0] ?? '']: 'hang', [others[1] ?? '']: 'hang', [name]: failure });
    expect(await ended).toEqual({ exitCode: 3, reason: 'it broke', hint: 'mend it', log: null });
    expect(steps.log.slice(3).sort()).toEqual([...others.flatMap((other) => [`${other} cut off`, `${other} tidied up`]), 'settle'].sort());
    expect(steps.log.at(-1)).toBe('settle');
  });

  it.each<[StepName, StepName]>([
    ['startServer', 'startVm'],
    ['startVm', 'startServer'],
  ])('%s: the other is cut off, and released after it has tidied up', async (name, other) => {
    const { steps, ended } = startFakeRun({ [name]: failure, [other]: 'hang' });
    expect(await ended).toMatchObject({ exitCode: 3, reason: 'it broke' });
    expect(steps.log.slice(5)).toEqual([`${other} cut off`, `${other} tidied up`, 'release']);
    expect(steps.released).toMatchObject([{ exitCode: 3, reason: 'it broke' }]);
  });

  it.each<StepName>(['connect', 'upload', 'runSuite'])('%s: released once, with its reason', async (name) => {
    const { steps, ended } = startFakeRun({ [name]: new EnvironmentError('gone', 'look', { exitCode: 5 }) });
    expect(await ended).toMatchObject({ exitCode: 5, reason: 'gone', hint: 'look' });
    expect(steps.log.at(-2)).toBe(name);
    expect(releases(steps.log)).toBe(1);
  });

  it('attach: nothing else is tried', async () => {
    const { steps, ended } = startFakeRun({ attach: failure }, { attach: true });
    expect(await ended).toMatchObject({ exitCode: 3, reason: 'it broke' });
    expect(steps.log).toEqual(['suiteSource', 'attach', 'release']);
  });

  it('wrong usage stays wrong usage; anything unknown is a bug with its stack', async () => {
    expect(await startFakeRun({ serverImage: new UserError('no such image', 'name another') }).ended).toMatchObject({ exitCode: 2 });
    const { ended } = startFakeRun({ connect: new TypeError('x is undefined') });
    expect(await ended).toMatchObject({
      exitCode: 3,
      reason: 'a bug in nfstest-tui: x is undefined',
      log: { lines: expect.arrayContaining(['TypeError: x is undefined']) },
    });
  });

  it('release: what can’t be stopped weighs more than the verdict', async () => {
    const { steps, ended } = startFakeRun({ runSuite: outcomeWith(1), release: new EnvironmentError('the container stays', 'remove it') });
    expect(await ended).toMatchObject({ exitCode: 3, reason: 'the container stays' });
    expect(releases(steps.log)).toBe(1);
  });
});

describe('run.stop', () => {
  it.each<StepName>(['serverImage', 'vmImage', 'suiteSource'])('while %s works', async (name) => {
    const run = startFakeRun({ [name]: 'hang' });
    await run.begun(name);
    run.actor.send({ type: 'run.stop', outcome: interrupted });
    expect(await run.ended).toEqual(interrupted);
    expect(run.steps.log.slice(3)).toEqual([`${name} cut off`, `${name} tidied up`, 'settle']);
  });

  it.each<StepName>(['startServer', 'startVm', 'connect', 'upload', 'runSuite'])('while %s works', async (name) => {
    const run = startFakeRun({ [name]: 'hang' });
    await run.begun(name);
    run.actor.send({ type: 'run.stop', outcome: interrupted });
    expect(await run.ended).toEqual(interrupted);
    expect(run.steps.log.slice(-3)).toEqual([`${name} cut off`, `${name} tidied up`, 'release']);
    expect(run.steps.released).toEqual([interrupted]);
  });

  it('a second one does not wait for steps that tidy up', async () => {
    const run = startFakeRun({ serverImage: 'hang', settle: 'hang' });
    await run.begun('serverImage');
    run.actor.send({ type: 'run.stop', outcome: interrupted });
    run.actor.send({ type: 'run.stop', outcome: outcomeWith(130, 'forced') });
    expect(await run.ended).toEqual(interrupted);
    expect(run.steps.log).not.toContain('settle');
  });

  it('while an environment is attached to', async () => {
    const run = startFakeRun({ attach: 'hang' }, { attach: true });
    await run.begun('attach');
    run.actor.send({ type: 'run.stop', outcome: interrupted });
    expect(await run.ended).toEqual(interrupted);
    expect(run.steps.log).toEqual(['suiteSource', 'attach', 'attach cut off', 'attach tidied up', 'release']);
  });

  it('a second one forces the release and keeps the first reason', async () => {
    const run = startFakeRun({ runSuite: 'hang', release: 'hang' });
    await run.begun('runSuite');
    run.actor.send({ type: 'run.stop', outcome: interrupted });
    await run.begun('release');
    expect(run.steps.log).not.toContain('force');
    run.actor.send({ type: 'run.stop', outcome: outcomeWith(143) });
    expect(await run.ended).toEqual(interrupted);
    expect(run.steps.log.slice(-2)).toEqual(['release', 'force']);
  });

  it('during the diagnosis', async () => {
    const run = startFakeRun({ runSuite: 'hang', diagnose: 'hang' }, { timeoutMs: 1_000 });
    await run.begun('runSuite');
    run.clock.increment(1_000);
    await run.begun('diagnose');
    run.actor.send({ type: 'run.stop', outcome: interrupted });
    expect(await run.ended).toEqual(interrupted);
    expect(releases(run.steps.log)).toBe(1);
  });
});

describe('a part that is lost', () => {
  const serverLost = outcomeWith(4, 'the server died');
  const clientLost = outcomeWith(5, 'the client VM ended');

  it.each<[string, StepName, StepName, typeof serverLost]>([
    ['server', 'startVm', 'startServer', serverLost],
    ['VM', 'startServer', 'startVm', clientLost],
    ['server', 'connect', 'startServer', serverLost],
    ['VM', 'connect', 'startVm', clientLost],
    ['server', 'upload', 'startServer', serverLost],
    ['server', 'runSuite', 'startServer', serverLost],
    ['VM', 'runSuite', 'startVm', clientLost],
  ])('the %s, while %s works', async (_, working, part, outcome) => {
    const run = startFakeRun({ [working]: 'hang' });
    await run.begun(working);
    // The step that started the part has ended long ago; its controls still speak for it.
    run.steps.controls.get(part)?.lose(outcome);
    expect(await run.ended).toEqual(outcome);
    expect(run.steps.log.slice(-3)).toEqual([`${working} cut off`, `${working} tidied up`, 'release']);
  });

  it('is no news while the run stops', async () => {
    const run = startFakeRun({ release: 'hang' });
    await run.begun('release');
    run.steps.controls.get('startServer')?.lose(serverLost);
    run.actor.send({ type: 'run.stop', outcome: interrupted });
    expect(await run.ended).toMatchObject({ exitCode: 0 });
  });

  it('two at once: the first counts, and is released once', async () => {
    const run = startFakeRun({ runSuite: 'hang' });
    await run.begun('runSuite');
    run.steps.controls.get('startServer')?.lose(serverLost);
    run.steps.controls.get('startVm')?.lose(clientLost);
    expect(await run.ended).toEqual(serverLost);
    expect(releases(run.steps.log)).toBe(1);
  });
});

describe('the time-out of the testcases', () => {
  it('cuts the suite off and asks which part hangs', async () => {
    const run = startFakeRun({ runSuite: 'hang', diagnose: outcomeWith(4, 'the server has stopped answering') }, { timeoutMs: 60_000 });
    await run.begun('runSuite');
    run.clock.increment(59_999);
    expect(run.steps.log).not.toContain('runSuite cut off');
    run.clock.increment(1);
    expect(await run.ended).toMatchObject({ exitCode: 4 });
    expect(run.steps.log.filter((entry) => ['diagnose', 'runSuite tidied up', 'release'].includes(entry)).at(-1)).toBe('release');
    expect(run.steps.log).toContain('diagnose');
    expect(releases(run.steps.log)).toBe(1);
  });

  it('does not run before the suite does', async () => {
    const run = startFakeRun({ startVm: 'hang' }, { timeoutMs: 1_000 });
    await run.begun('startVm');
    run.clock.increment(3_600_000);
    expect(run.steps.log).not.toContain('startVm cut off');
    run.actor.send({ type: 'run.stop', outcome: interrupted });
    expect(await run.ended).toEqual(interrupted);
  });

  it('a diagnosis that fails is the outcome', async () => {
    const run = startFakeRun({ runSuite: 'hang', diagnose: new EnvironmentError('no answer', 'look') }, { timeoutMs: 1 });
    await run.begun('runSuite');
    run.clock.increment(1);
    expect(await run.ended).toMatchObject({ exitCode: 3, reason: 'no answer' });
    expect(releases(run.steps.log)).toBe(1);
  });
});
