import { describeEntry, staleEntries } from '../../model/known-failures.ts';
import { totalsOf } from '../../model/verdict.ts';
import { answerOf } from '../answer.ts';
import { closingLines, describeServer, reproduction, reproductionTitle } from '../describe.ts';
import { factsOf } from '../facts.ts';
import type { Report, TestcaseReport } from '../report.ts';
import { escapeXml } from '../xml.ts';
import { script } from './script.ts';
import { styles } from './styles.ts';
import { sectionHtml, testcaseHtml } from './testcase.ts';
import { timeline } from './timeline.ts';

/** What failed, whose fault it is, and which call went wrong: the answer before the details. */
function answers({ testcases }: Report): string {
  const failed = testcases.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return '';
  const rows = failed.map((testcase) => {
    const { blame, reason, calls } = answerOf(testcase);
    const fault =
      blame === null
        ? '<span class="soft">not run again elsewhere</span>'
        : `<b class="${blame === 'server' ? 'server' : ''}">${escapeXml(blame)}</b><br>${escapeXml(reason ?? '')}`;
    const wire =
      calls.length === 0 ? `<span class="soft">${escapeXml(wireless(testcase))}</span>` : calls.map((call) => `<code>${escapeXml(call)}</code>`).join('<br>');
    const [first] = testcase.failures.filter(({ known }) => known === null);
    const more = testcase.failures.length > 1 ? ` <span class="soft">and ${testcase.failures.length - 1} more</span>` : '';
    const name = `<a href="#testcase-${escapeXml(testcase.name)}">${escapeXml(testcase.name)}</a>`;
    return `<tr><td><b>${name}</b></td><td>${escapeXml(first?.message ?? testcase.reason ?? '')}${more}</td><td>${wire}</td><td>${fault}</td></tr>`;
  });
  const head = ['testcase', 'failed', 'call and answer', 'whose fault'].map((word) => `<th>${word}</th>`).join('');
  return `<section id="answers"><h2>What failed, and whose fault it is</h2><table><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></section>`;
}

/** Why no call is shown. */
function wireless({ traffic }: TestcaseReport): string {
  if (!traffic) return 'not recorded';
  return traffic.problem !== null ? `not known: ${traffic.problem}` : 'no call was answered with an error';
}

function heading(report: Report): string {
  const { state } = report;
  const [verdict = 'The run was cut off', ...hint] = state.result === null ? [] : closingLines(state.result, true);
  const className = state.result?.exitCode === 0 ? 'passed' : 'failed';
  const facts = factsOf(state).map(({ key, title, value }) => `<dt>${escapeXml(title)}</dt><dd data-fact="${escapeXml(key)}">${escapeXml(value)}</dd>`);
  const started = state.startedAt ? `<dt>started</dt><dd>${escapeXml(state.startedAt)}</dd>` : '';
  const repeat = reproduction(state);
  return [
    `<h1 class="${className}">${escapeXml(verdict)}</h1>`,
    ...hint.map((line) => `<p>${escapeXml(line)}</p>`),
    ...(state.result?.exitCode === 0 ? [`<p>${escapeXml(state.result.reason)}</p>`] : []),
    answers(report),
    `<dl class="facts">${facts.join('')}${started}</dl>`,
    ...(repeat === null
      ? []
      : [
          `<p class="soft">${reproductionTitle(state) === 'repeat with' ? 'Repeat with' : 'Repeat what failed'}</p><pre id="repeat">${escapeXml(repeat)}</pre>`,
        ]),
  ].join('\n');
}

/** What concerns no single testcase: the set-up, the log that explains the end, known failures that pass. */
function trouble({ state }: Report): string {
  const { setupFailure, result } = state;
  const stale = staleEntries(state.known).map((entry) => `<li>${escapeXml(describeEntry(entry))}</li>`);
  const lines = (title: string, text: readonly string[]) => `<h2>${title}</h2><pre>${text.map(escapeXml).join('\n')}</pre>`;
  return [
    setupFailure === null ? '' : lines('The suite failed in its set-up', [setupFailure.message, ...setupFailure.details]),
    !result?.log ? '' : lines(`The end of ${escapeXml(result.log.path)}`, result.log.lines),
    stale.length === 0 ? '' : `<h2>Known failures that pass now: remove them</h2><ul>${stale.join('')}</ul>`,
  ].join('\n');
}

function filters({ testcases, state }: Report): string {
  const { passed, failed, known, notRun } = totalsOf(state.testcases);
  const counts = [
    ['all', 'all', testcases.length],
    ['failed', 'failed', failed],
    ['known', 'known', known],
    ['not-run', 'not run', notRun],
    ['passed', 'passed', passed],
  ] as const;
  const buttons = counts
    .filter(([show, , count]) => show === 'all' || count > 0)
    .map(([show, word, count]) => `<button type="button" data-show="${show}" aria-pressed="${show === 'all'}">${word} ${count}</button>`);
  return `<div class="tools"><input id="search" type="search" placeholder="search testcases, messages, output ( / )" aria-label="search">${buttons.join('')}<span id="count" class="soft" role="status"></span></div>`;
}

/** One page with everything in it: no other file, no network. */
export function html(report: Report): string {
  const { state, testcases, sections } = report;
  const title = `NFS test of ${describeServer(state.server)}${state.nfsVersion === null ? '' : `, NFS ${state.nfsVersion}`}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeXml(title)}</title>
<style>${styles}</style>
</head>
<body>
<header>
${heading(report)}
</header>
<main>
${trouble(report)}
${sections.map(sectionHtml).join('\n')}
<h2>Testcases</h2>
${filters(report)}
${testcases.map(testcaseHtml).join('\n')}
${timeline(report)}
</main>
<script>${script}</script>
</body>
</html>
`;
}
