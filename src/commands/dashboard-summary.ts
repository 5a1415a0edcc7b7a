import type { DashboardView } from '../../components/view/dashboard-view.ts';

const words = { passed: 'passed', failed: 'FAILED', known: 'known', 'not-run': 'not run' } as const;

/**
 * What stays on the terminal after the screen: the verdicts as the screen last showed them, how the run ended, and where it is kept.
 *
 * @param folder of the last run; null where there was none.
 */
export function summaryLines({ testcases, outcome }: DashboardView, folder: string | null): readonly string[] {
  const ran = testcases.flatMap(({ name, status, passedCount, failedCount }) =>
    status === 'passed' || status === 'failed' || status === 'known' || status === 'not-run'
      ? [{ name, word: words[status], passedCount, all: passedCount + failedCount }]
      : [],
  );
  const width = Math.max(0, ...ran.map(({ name }) => name.length));
  const rows = ran.map(({ name, word, passedCount, all }) => `${name.padEnd(width)}  ${word.padEnd(7)}  ${passedCount}/${all}`);
  return [...rows, ...(outcome === null ? [] : [outcome]), ...(folder === null ? [] : [`kept in ${folder}`])];
}
