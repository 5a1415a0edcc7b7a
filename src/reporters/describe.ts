import type { ServerIdentity, SuiteIdentity } from '../model/events.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { repeatCommand } from '../model/repeat-command.ts';
import type { RunState } from '../model/run-state.ts';

/** `NFS-Ganesha (ganesha:latest)`. */
export function describeServer(server: ServerIdentity | null): string {
  return server === null ? 'unknown server' : `${server.title} (${server.image})`;
}

/** `upstream NFStest v3.2` or `bundled suite 0.1.0`: never one for the other. */
export function describeSuite(suite: SuiteIdentity | null): string {
  if (suite === null) return 'unknown suite';
  const name = suite.kind === 'nfstest' ? 'upstream NFStest' : 'bundled suite (not upstream NFStest)';
  const script = suite.script === undefined ? '' : `, ${suite.script}`;
  return (suite.version === null ? name : `${name} ${suite.version}`) + script;
}

/** The command that repeats a run, with all that decides what is tested; after failures with the testcases that failed alone. Null where it was no run of this program. */
export function reproduction(state: RunState): string | null {
  if (state.server === null || state.nfsVersion === null || state.testcases.length === 0) return null;
  const failed = state.testcases.filter((testcase) => testcase.status === 'failed');
  const testcases = failed.length > 0 ? failed : state.testcases;
  const tag = /:([\w.-]+)$/.exec(state.server.image)?.[1];
  return repeatCommand({
    imageName: state.server.name,
    imageTag: tag ?? 'latest',
    nfsVersions: [state.nfsVersion],
    suite: state.suite?.kind ?? state.settings.SUITE ?? 'auto',
    script: state.suite?.script ?? (state.suite === null ? (state.settings.SUITE_SCRIPT ?? null) : null),
    nfstestSource: state.suite?.kind === 'nfstest' ? state.suite.source : null,
    testcases: testcases.map((testcase) => testcase.name),
    settings: state.known?.strict ? { STRICT: '1', ...state.settings } : state.settings,
  });
}

/** What `reproduction` repeats. */
export const reproductionTitle = ({ testcases }: RunState): string => {
  const failed = testcases.filter(({ status }) => status === 'failed').length;
  return failed > 0 && failed < testcases.length ? 'only failed' : 'repeat with';
};

/**
 * The closing lines: the verdict, its reason, what to do next.
 * A run without testcases (`build`, `start-env`) tests nothing and so has no verdict.
 */
export function closingLines({ exitCode, reason, hint }: { exitCode: number; reason: string; hint: string | null }, tested: boolean): string[] {
  if (exitCode === ExitCode.passed) return [tested ? 'NFS Test PASSED' : reason];
  return [`${tested ? 'NFS Test FAILED' : 'FAILED'}: ${reason}`, ...(hint === null ? [] : [hint])];
}
