import { formatDuration } from '../../model/format.ts';
import type { AssertionReport, TestcaseReport } from '../report.ts';
import { excerpt, type Section } from '../sections.ts';
import { assertionCount } from '../summary-table.ts';
import { unrecordedFailure } from '../unrecorded.ts';
import { escapeXml } from '../xml.ts';
import { classOf, wordOf } from './words.ts';

/** Lines of a testcase's output that the page carries; all of them are in suite.log. */
const maxOutputLines = 400;

const pre = (lines: readonly string[]) => `<pre>${lines.map(escapeXml).join('\n')}</pre>`;

/** A verdict or the status of an answer has its colour; the word says it too. */
function toneOf(cell: string): string {
  if (/^(failed|FAILED)$|^NFS\dERR_|^MNT3ERR_/.test(cell)) return ' class="failed"';
  return cell === 'passed' ? ' class="passed"' : '';
}

/** A section of any kind. */
export function sectionHtml({ title, body }: Section): string {
  const heading = `<h3>${escapeXml(title)}</h3>`;
  if (body.kind === 'lines') return heading + pre(body.lines);
  const row = (cells: readonly string[], tag: 'th' | 'td') =>
    `<tr>${cells.map((cell) => `<${tag}${tag === 'td' ? toneOf(cell) : ''}>${escapeXml(cell)}</${tag}>`).join('')}</tr>`;
  return `${heading}<div class="wide"><table><thead>${row(body.columns, 'th')}</thead><tbody>${body.rows.map((cells) => row(cells, 'td')).join('')}</tbody></table></div>`;
}

function assertionItem({ verdict, message, passedCount, failedCount, details, known }: AssertionReport): string {
  const counts = passedCount + failedCount > 1 ? ` <span class="soft">(${passedCount} passed, ${failedCount} failed)</span>` : '';
  const className = verdict === 'passed' ? 'passed' : known === null ? 'failed' : 'known';
  const mark = verdict === 'passed' ? '✔' : known === null ? '✘' : '✗';
  const reason = known === null ? '' : `<br><span class="known">known: ${escapeXml(known)}</span>`;
  return `<li><span class="${className}">${mark}</span> ${escapeXml(message)}${counts}${reason}${details.length === 0 ? '' : pre(details)}</li>`;
}

const list = (title: string, assertions: readonly AssertionReport[]) =>
  assertions.length === 0 ? '' : `<h3>${title} (${assertions.length})</h3><ul class="failures">${assertions.map(assertionItem).join('\n')}</ul>`;

/** One testcase: a row that opens; what failed is open from the start. */
export function testcaseHtml(testcase: TestcaseReport): string {
  const { name, status, durationMs, reason, assertions, remarks, output, sections } = testcase;
  const shown = classOf(status);
  const cells = [
    `<b>${escapeXml(name)}</b>`,
    `<span class="${shown}">${wordOf(status)}</span>`,
    `<span class="soft">${escapeXml(reason ?? '')}${reason === null ? `${assertionCount(testcase)} assertions` : ''}</span>`,
    `<span class="number mono">${durationMs === null ? '' : formatDuration(durationMs)}</span>`,
  ];
  const log = excerpt(output, maxOutputLines);
  const unrecorded = unrecordedFailure(testcase);
  const inside = [
    unrecorded === null ? '' : `<p class="failed">${escapeXml(unrecorded)}</p>`,
    list(
      'Failed',
      assertions.filter(({ verdict }) => verdict === 'failed'),
    ),
    remarks.length === 0 ? '' : `<h3>Remarks</h3>${pre(remarks)}`,
    ...sections.map(sectionHtml),
    list(
      'Passed',
      assertions.filter(({ verdict }) => verdict === 'passed'),
    ),
    log.length === 0 ? '' : `<h3>Suite output</h3>${pre(log)}`,
  ];
  const open = shown === 'failed' ? ' open' : '';
  return `<details class="testcase" id="testcase-${escapeXml(name)}" data-status="${shown}"${open}><summary>${cells.join('')}</summary>\n<div class="inside">${inside.join('\n')}</div></details>`;
}
