import type { ServerIdentity, SuiteIdentity } from '../model/events.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { RunState } from '../model/run-state.ts';
import { shellQuote } from '../model/shell-quote.ts';

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

/** The command that repeats a run; after failures with the testcases that failed alone. Null where it was no run of this program. */
export function reproduction(state: RunState): string | null {
  if (state.server === null || state.nfsVersion === null || state.testcases.length === 0) return null;
  const failed = state.testcases.filter((testcase) => testcase.status === 'failed');
  const testcases = failed.length > 0 ? failed : state.testcases;
  const tag = /:([\w.-]+)$/.exec(state.server.image)?.[1];
  return [
    'nfstest-tui',
    '--ci',
    `--image-name=${state.server.name}`,
    ...(tag === undefined || tag === 'latest' ? [] : [`--image-tag=${tag}`]),
    `--nfs-version=${state.nfsVersion}`,
    ...(state.suite === null ? [] : [`--suite=${state.suite.kind}`]),
    ...(state.suite?.script === undefined ? [] : [`--suite-script=${state.suite.script}`]),
    ...(state.suite?.kind === 'nfstest' ? [`--nfstest-src=${state.suite.source}`] : []),
    `--testcase=${testcases.map((testcase) => testcase.name).join(',')}`,
  ]
    .map(shellQuote)
    .join(' ');
}

/**
 * The closing lines: the verdict, its reason, what to do next.
 * A run without testcases (`build`, `start-env`) tests nothing and so has no verdict.
 */
export function closingLines({ exitCode, reason, hint }: { exitCode: number; reason: string; hint: string | null }, tested: boolean): string[] {
  if (exitCode === ExitCode.passed) return [tested ? 'NFS Test PASSED' : reason];
  return [`${tested ? 'NFS Test FAILED' : 'FAILED'}: ${reason}`, ...(hint === null ? [] : [hint])];
}
