import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import { packageRoot } from '../config/paths.ts';
import { laneActors, prepareActors } from '../machine/actors.ts';
import { laneMachine } from '../machine/lane-machine.ts';
import { runMachine } from '../machine/run-machine.ts';
import type { EventBody } from '../model/events.ts';
import { emptyRunState, reduce } from '../model/run-state.ts';
import { type Outcome, outcomeOf } from '../model/verdict.ts';
import { Journal } from '../stream/journal.ts';
import { FakeLab } from './fake-lab.ts';

let lab: FakeLab;
beforeEach(() => {
  lab = new FakeLab();
});

const testcases = ['open', 'read', 'write'];
const transcript = (name: string) => readFileSync(join(packageRoot, 'test/fixtures/nfstest', `${name}.log`), 'utf8');

/** A whole run of the real machines and steps over fake services. */
async function startRun() {
  let state = emptyRunState;
  const journal = new Journal('run-1');
  journal.subscribe((event) => {
    state = reduce(state, event);
  });
  const bodies: EventBody[] = [];
  const { lane, preparation } = await lab.open({ verdict: () => outcomeOf(state) });
  const machine = runMachine.provide({
    actors: { ...prepareActors(preparation), lane: laneMachine.provide({ actors: laneActors(lane), actions: { force: () => lane.force() } }) },
  });
  const server = { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' };
  const actor = createActor(machine, {
    input: {
      goal: 'tests',
      lane: { lane: 0, attach: false, parts: { server: true, vm: true }, timeoutMs: 60_000, testcases },
      started: { type: 'run.started', server, nfsVersion: '3', testcases, program: '0' },
    },
  });
  actor.on('event', ({ body }) => {
    bodies.push(body);
    journal.record(body);
  });
  const ended = new Promise<Outcome | undefined>((resolve, reject) => actor.subscribe({ complete: () => resolve(actor.getSnapshot().output), error: reject }));
  actor.start();
  return { actor, bodies, ended, state: () => state };
}

const phases = (bodies: readonly EventBody[]) => bodies.flatMap((body) => (body.type === 'phase.finished' ? [`${body.phase} ${body.outcome}`] : []));

describe('a run over fake services', () => {
  it('gives upstream’s verdict on a recorded run, from events alone', async () => {
    lab.remote.commands.push(['exec python3', { stdout: transcript('v3-open-read-write'), exitCode: 1 }]);
    const { ended, bodies, state } = await startRun();
    expect(await ended).toMatchObject({ exitCode: 1, reason: '1 of 3 testcases failed (open)' });
    expect(phases(bodies).sort()).toEqual(
      [
        ...['server-image ok', 'vm-image ok', 'suite-source ok', 'server ok', 'vm ok', 'connect ok', 'suite ok', 'stop ok'],
        // The VM that is saved first.
        ...['vm-boot ok', 'connect ok', 'upload ok', 'vm-save ok'],
      ].sort(),
    );
    expect(state().testcases.map(({ name, status }) => `${name} ${status}`)).toEqual(['open failed', 'read passed', 'write passed']);
    expect(state()).toMatchObject({
      clientKernel: '6.1.0-fake',
      accelerator: 'tcg',
      laneStates: [{ container: { name: 'ganesha-server', state: 'exited' }, client: { state: 'off' } }],
      suite: { kind: 'bundled' },
    });
    expect(lab.leftovers()).toEqual([]);
  });

  it('a set-up that fails: nothing ran', async () => {
    lab.remote.commands.push(['exec python3', { stdout: transcript('setup-failure-mount-refused'), exitCode: 1 }]);
    expect(await (await startRun()).ended).toMatchObject({ exitCode: 6 });
    expect(lab.leftovers()).toEqual([]);
  });

  it('a server that dies in the middle: its loss, not the client’s', async () => {
    lab.remote.commands.push(['exec python3', { stdout: 'TEST: Running\n', afterwards: 'hang' }]);
    const { ended, state } = await startRun();
    await expect.poll(() => lab.remote.ran.some((command) => command.includes('exec python3'))).toBe(true);
    lab.engine.containers[0]?.die({ exitCode: 139 });
    expect(await ended).toMatchObject({ exitCode: 4, reason: 'the server died (exit code 139)' });
    expect(state().testcases.map(({ status }) => status)).toEqual(['not-run', 'not-run', 'not-run']);
    expect(lab.leftovers()).toEqual([]);
  });

  it('a VM that dies in the middle: the client’s loss, though its connection breaks at the same time', async () => {
    lab.remote.commands.push(['exec python3', { stdout: 'TEST: Running\n', afterwards: 'hang' }]);
    const { ended } = await startRun();
    await expect.poll(() => lab.remote.ran.some((command) => command.includes('exec python3'))).toBe(true);
    lab.vms.vms.at(-1)?.die({ signal: 'SIGKILL' });
    lab.remote.sessions.at(-1)?.close();
    expect(await ended).toMatchObject({ exitCode: 5 });
    expect(lab.leftovers()).toEqual([]);
  });

  it('is interrupted while everything starts: nothing is left', async () => {
    lab.vms.guest = { console: 'booting\n' };
    lab.probe.answers = () => false;
    const { actor, ended, bodies } = await startRun();
    await expect.poll(() => lab.leftovers()).toEqual(['container ganesha-server', 'VM']);
    actor.send({ type: 'run.stop', outcome: { exitCode: 130, reason: 'interrupted by SIGINT', hint: null, log: null } });
    expect(await ended).toMatchObject({ exitCode: 130 });
    expect(
      phases(bodies)
        .filter((phase) => /^(server|vm|vm-boot|stop) /.test(phase))
        .sort(),
    ).toEqual(['server cancelled', 'stop ok', 'vm-boot cancelled']);
    expect(lab.leftovers()).toEqual([]);
  });

  it('a server that does not start takes the booting VM with it', async () => {
    lab.vms.guest = { console: 'booting\n' };
    lab.probe.answers = () => false;
    const { ended } = await startRun();
    await expect.poll(() => lab.leftovers()).toEqual(['container ganesha-server', 'VM']);
    lab.engine.containers[0]?.die({ exitCode: 2 });
    expect(await ended).toMatchObject({ exitCode: 3, reason: 'the server ended before it was ready (exit code 2)' });
    expect(lab.leftovers()).toEqual([]);
  });
});
