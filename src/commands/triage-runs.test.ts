import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import { readRun } from '../history/read-runs.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { RunState } from '../model/run-state.ts';
import type { Outcome } from '../model/verdict.ts';
import type { runRounds } from './session-rounds.ts';
import { type TriageRunOptions, triageRun } from './triage-runs.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../../test/fixtures/runs/${name}`, import.meta.url));
const failed = (await readRun(fixture('broken-rename'))).state;
const passed = (await readRun(fixture('ganesha-rename'))).state;
const over: Outcome = { exitCode: ExitCode.passed, reason: 'over', hint: null, log: null };

/** Plays a triage of a recorded failure of `rename`: the server fails again, elsewhere it passes. */
async function play(options: TriageRunOptions = {}, own: RunState = failed, outcome: Outcome = over) {
  const played: { readonly server: string; readonly places: readonly string[]; readonly vmDir: string; readonly known: string }[] = [];
  const rounds: typeof runRounds = async (request, plan) => {
    const asked = plan({} as Parameters<typeof plan>[0]);
    const { imageName, vmDir, knownFailures } = request.options;
    const places = asked.map(({ manner }) => (manner.onLocalDisk ? 'local disk' : 'export'));
    played.push({ server: imageName.value, places, vmDir, known: knownFailures });
    const results = asked.map((round) => ({
      ...{ round, folder: '', outcome },
      state: imageName.value === 'broken' && !round.manner.onLocalDisk ? own : passed,
    }));
    return { outcome, results: outcome === over ? results : [], versions: ['3'], skippedVersions: [] };
  };
  const end = await triageRun(fixture('broken-rename'), fakeOptions('/nowhere', {}), options, rounds);
  return { played, ...end };
}

describe('a failed testcase runs again', () => {
  it('on its own server and the local disk, then on the reference; in an environment beside the run’s', async () => {
    const { played, found } = await play();
    expect(played.map(({ server, places }) => [server, places])).toEqual([
      ['broken', ['export', 'local disk']],
      ['ganesha', ['export']],
    ]);
    for (const { vmDir, known } of played) expect([vmDir, known]).toEqual([expect.stringMatching(/\/triage$/), 'none']);
    expect(found).toMatchObject([{ testcase: 'rename', blame: 'server', results: [{ where: 'own' }, { where: 'reference' }, { where: 'local' }] }]);
  });

  it('without the reference, which the answer says', async () => {
    const { played, found } = await play({ withReference: false });
    expect(played.map(({ server }) => server)).toEqual(['broken']);
    expect(found).toMatchObject([{ blame: 'server', reason: expect.stringMatching(/no other NFS server was tried, so the NFS client is not ruled out$/) }]);
  });

  it('an image that was built anew says nothing about that failure', async () => {
    const { found } = await play({}, { ...failed, imageId: 'sha256:another' });
    expect(found).toMatchObject([{ blame: 'unclear', reason: expect.stringContaining('its image is another one by now') }]);
  });

  it('an interrupt ends it without an answer and begins nothing further', async () => {
    const { played, found, interrupted } = await play({}, failed, { ...over, exitCode: ExitCode.interrupted });
    expect([played.length, found, interrupted]).toEqual([1, [], ExitCode.interrupted]);
  });

  it('one that has not failed is not run', async () => {
    expect(await play({ only: ['read'] })).toEqual({ played: [], found: [], interrupted: null });
  });
});
