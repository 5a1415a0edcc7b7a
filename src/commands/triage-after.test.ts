import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { ReferenceState } from '../model/triage-plan.ts';
import { triageAfter } from './triage-after.ts';
import type { TriageRunOptions } from './triage-runs.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nfstest-triage-'));
  await cp(fileURLToPath(new URL('../../test/fixtures/runs/broken-rename', import.meta.url)), folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Given {
  readonly choice?: string;
  readonly reference?: ReferenceState;
  readonly attached?: boolean;
  readonly exitCode?: ExitCode;
}

/** What was run again, and what was said. */
async function after({ choice = 'auto', reference = 'ready', attached = false, exitCode = ExitCode.testsFailed }: Given = {}) {
  const said: string[] = [];
  const again: { readonly timeoutMs: number; readonly withReference: TriageRunOptions['withReference'] }[] = [];
  await triageAfter(
    [{ folder, exitCode }],
    { options: fakeOptions(folder, { TRIAGE: choice, TIMEOUT: '600' }), attached, say: (line) => void said.push(line), tell: () => {} },
    {
      findReference: async () => reference,
      again: async (_folder, { timeoutMs }, { withReference } = {}) => {
        again.push({ timeoutMs, withReference });
        return { found: [], interrupted: null };
      },
    },
  );
  return { said: said.join('\n'), again };
}

it('a new failure is run again unasked, for two minutes at most', async () => {
  const { said, again } = await after();
  expect(again).toEqual([{ timeoutMs: 120_000, withReference: true }]);
  expect(said).toMatch(/^triage: whose fault\? rename again elsewhere \(about [\d.]+ s; --triage=never leaves it out\)$/);
  expect((await after({ choice: 'always' })).again).toEqual([{ timeoutMs: 600_000, withReference: true }]);
});

it('a reference that is not built is left out, which is said; asked for, it is built', async () => {
  const { said, again } = await after({ reference: 'missing' });
  expect(again).toMatchObject([{ withReference: false }]);
  expect(said).toMatch(/\n {11}NFS-Ganesha was left out, for its image is not built: `nfstest-tui triage` builds it and asks again$/);
  expect((await after({ reference: 'missing', choice: 'always' })).again).toMatchObject([{ withReference: true }]);
});

it('the reference itself has no other: nothing was left out', async () => {
  const { said, again } = await after({ reference: 'same' });
  expect(again).toMatchObject([{ withReference: false }]);
  expect(said).not.toContain('left out, for');
});

it('in an environment that was there nothing begins unasked, and how to ask is said', async () => {
  const { said, again } = await after({ attached: true });
  expect([said, again]).toEqual(['triage     not done: `nfstest-tui triage` says whose fault it is', []]);
  expect((await after({ attached: true, choice: 'always' })).again).toHaveLength(1);
});

it.each([{ choice: 'never' }, { exitCode: ExitCode.serverLost }, { exitCode: ExitCode.passed }])('%o: nothing, in silence', async (given) => {
  expect(await after(given)).toEqual({ said: '', again: [] });
});
