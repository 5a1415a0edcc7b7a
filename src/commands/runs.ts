import { findFlaky, flakyWindow } from '../history/flaky.ts';
import { listRuns } from '../history/read-runs.ts';
import { type RunRow, runRows } from '../history/run-table.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { formatDuration } from '../model/format.ts';
import { posixScript } from '../model/suite-script.ts';
import { textTable } from '../reporters/text-table.ts';
import type { RunCommand } from './types.ts';

/** `2026-11-24 01:55`, in local time. */
function localTime(iso: string | null): string {
  if (iso === null) return '';
  const date = new Date(iso);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

function result({ totals, exitCode }: RunRow): string {
  if (totals === null) return exitCode === null ? 'cut off, or going on' : exitCode === 0 ? 'no testcases' : `ended with ${exitCode}`;
  const { passed, failed, known = 0, notRun } = totals;
  return [
    `${passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(known > 0 ? [`${known} known`] : []),
    ...(notRun > 0 ? [`${notRun} not run`] : []),
    ...(exitCode !== null && exitCode > 1 ? [`ended with ${exitCode}`] : []),
  ].join(', ');
}

function delta({ delta: change }: RunRow): string {
  if (change === null) return '';
  const { newlyFailing, newlyPassing } = change;
  if (newlyFailing.length + newlyPassing.length === 0) return '=';
  return [
    ...(newlyFailing.length > 0 ? [`new: ${newlyFailing.join(', ')}`] : []),
    ...(newlyPassing.length > 0 ? [`passes now: ${newlyPassing.join(', ')}`] : []),
  ].join('; ');
}

/** `bundled`, or the script of NFStest. */
const suiteWord = ({ suite, script }: RunRow): string => (suite === null ? '' : suite === 'bundled' ? 'bundled' : script);

const columns = [
  { title: 'run' },
  { title: 'when' },
  { title: 'server' },
  { title: 'NFS' },
  { title: 'suite' },
  { title: 'time', align: 'right' },
  { title: 'result' },
  { title: 'against before' },
] as const;

/** The kept runs, newest first, and what is flaky among them. */
export const runs: RunCommand = async ({ options, switches, write }) => {
  const kept = await listRuns(options.runsDir);
  const rows = runRows(kept);
  const flaky = findFlaky(kept.flatMap(({ summary }) => summary ?? []));
  if (switches.has('json')) {
    write(`${JSON.stringify({ runs: rows, flaky }, null, 2)}\n`);
    return ExitCode.passed;
  }
  if (rows.length === 0) {
    write('no run is kept yet; `nfstest-tui --ci` makes one\n');
    return ExitCode.passed;
  }
  const table = textTable(
    columns,
    rows.map((row) => [
      row.runId,
      localTime(row.startedAt),
      row.server ?? '',
      row.nfsVersion ?? '',
      suiteWord(row),
      row.durationMs === null ? '' : formatDuration(row.durationMs),
      result(row),
      delta(row),
    ]),
  );
  const notes = flaky.map(
    ({ testcase, passed, failed, server, imageId, nfsVersion, script }) =>
      `flaky: ${testcase} passed ${passed} and failed ${failed} times in the last ${flakyWindow} runs of ${server} (${imageId.slice(0, 19)}), NFS ${nfsVersion ?? 'version unknown'}${script === posixScript ? '' : `, ${script}`}`,
  );
  write(`${[...table, ...(notes.length > 0 ? [''] : []), ...notes].join('\n')}\n`);
  return ExitCode.passed;
};
