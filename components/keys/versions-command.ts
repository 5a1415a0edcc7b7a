import type { Session } from '../session.ts';
import type { DashboardView, TestcaseView } from '../view/dashboard-view.ts';

const words = { passed: 'passed', failed: 'FAILED', known: 'known', 'not-run': 'not run' } as const;

/** NFS versions that a testcase has a verdict for, in the order of their numbers. */
export const versionsOf = ({ versions }: TestcaseView): readonly string[] => Object.keys(versions).sort();

export const versionWord = (testcase: TestcaseView, version: string): string => {
  const conclusion = testcase.versions[version];
  return conclusion === undefined ? '' : words[conclusion];
};

/** What the testcases of this session came to, by NFS version; empty before the first one. */
export function versionGrid({ testcases }: Pick<DashboardView, 'testcases'>): readonly string[] {
  const rows = testcases.filter((testcase) => versionsOf(testcase).length > 0);
  const columns = [...new Set(rows.flatMap(versionsOf))].sort();
  if (rows.length === 0) return [];
  const width = Math.max('testcase'.length, ...rows.map(({ name }) => name.length));
  const line = (first: string, cells: readonly string[]) => [first.padEnd(width), ...cells.map((cell) => cell.padEnd(7))].join('  ').trimEnd();
  return [
    line(
      'testcase',
      columns.map((version) => `NFS ${version}`),
    ),
    ...rows.map((row) =>
      line(
        row.name,
        columns.map((version) => versionWord(row, version)),
      ),
    ),
  ];
}

/** Shows the grid over the panes. */
export function showVersions({ ui, view }: Session): void {
  ui.dispatch({ type: 'notice', notice: { title: 'NFS versions', lines: versionGrid(view) } });
}
