import type { VersionsFinished } from '../model/events.ts';
import type { ExitCode } from '../model/exit-codes.ts';
import type { TestcaseState } from '../model/run-state.ts';
import { worstOf } from '../model/verdict.ts';
import type { RunRequest } from './open-run.ts';
import { type RoundResult, runRounds, type SessionEnd } from './session-rounds.ts';
import { selectedTestcases } from './testcases.ts';

const conclusionOf = ({ status }: TestcaseState) => (status === 'pending' || status === 'running' ? 'not-run' : status);

/** The grid of what the versions came to; those that the session did not come to are not run. */
export function gridOf({ results, versions, skippedVersions, outcome }: SessionEnd): VersionsFinished {
  const runOf = (version: string): RoundResult | undefined => results.find(({ round }) => round.manner.nfsVersion === version);
  return {
    type: 'versions.finished',
    runs: versions.map((nfsVersion) => {
      const run = runOf(nfsVersion);
      return {
        nfsVersion,
        runId: run?.state.runId ?? null,
        exitCode: (run?.outcome ?? outcome).exitCode,
        results: (run?.state.testcases ?? []).map((testcase) => ({ testcase: testcase.name, conclusion: conclusionOf(testcase) })),
      };
    }),
    skipped: skippedVersions,
  };
}

export interface VersionsEnd {
  /** The worst of all. */
  readonly exitCode: ExitCode;
  /** Null where no version was run. */
  readonly grid: VersionsFinished | null;
  /** Of each version's run, in their order. */
  readonly runs: readonly { readonly nfsVersion: string; readonly folder: string; readonly exitCode: ExitCode }[];
}

/** Runs the selection over each NFS version in one environment, each as a run of its own. */
export async function runVersions(request: Omit<RunRequest, 'goal' | 'parts'>): Promise<VersionsEnd> {
  const testcases = await selectedTestcases(request.options);
  const end = await runRounds(request, ({ versions }) => versions.map((nfsVersion) => ({ testcases, manner: { nfsVersion } })), {
    begin: ({ recorder, skippedVersions }) => {
      if (skippedVersions.length === 0) return;
      const message = `${recorder.state.server?.title ?? 'the server'} does not serve NFS ${skippedVersions.join(', ')}: left out`;
      recorder.record({ type: 'note.reported', level: 'warning', message });
    },
  });
  const runs = end.results.map(({ round, folder, outcome }) => ({ nfsVersion: round.manner.nfsVersion ?? '', folder, exitCode: outcome.exitCode }));
  return {
    exitCode: worstOf([end.outcome.exitCode, ...runs.map(({ exitCode }) => exitCode)]),
    grid: runs.length === 0 ? null : gridOf(end),
    runs,
  };
}
