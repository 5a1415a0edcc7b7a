import type { VersionsFinished } from '../model/events.ts';
import type { Section } from './sections.ts';

const word = { passed: 'passed', failed: 'FAILED', known: 'known', 'not-run': 'not run' } as const;

/** Testcases by NFS version. A version that the server does not serve has a column of its own, lest it be missed. */
export function versionsSection({ runs, skipped }: VersionsFinished): Section {
  const names = [...new Set(runs.flatMap(({ results }) => results.map(({ testcase }) => testcase)))];
  const rows = names.map((name) => [
    name,
    ...runs.map(({ results }) => word[results.find(({ testcase }) => testcase === name)?.conclusion ?? 'not-run']),
    ...skipped.map(() => 'not served'),
  ]);
  const columns = ['testcase', ...runs.map(({ nfsVersion }) => `NFS ${nfsVersion}`), ...skipped.map((version) => `NFS ${version}`)];
  return { title: 'NFS versions', body: { kind: 'table', columns, rows } };
}
