import { phaseTitles } from '../../model/events.ts';
import { formatDuration } from '../../model/format.ts';
import type { Report } from '../report.ts';
import { escapeXml } from '../xml.ts';
import { classOf, wordOf } from './words.ts';

interface Bar {
  readonly label: string;
  readonly link: string | null;
  readonly className: string;
  readonly word: string;
  readonly startMs: number;
  readonly endMs: number;
}

function barsOf({ phases, testcases }: Report): Bar[] {
  const steps = phases.map(({ phase, status, startedAtMs, endedAtMs }): Bar => {
    const className = status === 'failed' ? 'failed' : status === 'cancelled' ? 'not-run' : '';
    return { label: phaseTitles[phase] ?? phase, link: null, className, word: status, startMs: startedAtMs, endMs: endedAtMs };
  });
  const cases = testcases.flatMap(({ name, status, startedAtMs, endedAtMs }): Bar[] =>
    startedAtMs === null || endedAtMs === null
      ? []
      : [{ label: name, link: `#testcase-${name}`, className: classOf(status), word: wordOf(status), startMs: startedAtMs, endMs: endedAtMs }],
  );
  return [...steps, ...cases].sort((a, b) => a.startMs - b.startMs);
}

/** When each step and each testcase ran, as bars over the run's time; nothing where no time is known (a log of elsewhere). */
export function timeline(report: Report): string {
  const bars = barsOf(report);
  const totalMs = report.durationMs;
  if (totalMs === 0 || bars.every(({ endMs }) => endMs === 0)) return '';
  const percent = (ms: number) => `${((Math.min(ms, totalMs) / totalMs) * 100).toFixed(3)}%`;
  const rows = bars.map(({ label, link, className, word, startMs, endMs }) => {
    const duration = formatDuration(endMs - startMs);
    const title = escapeXml(`${label}: ${word}, ${duration}, from ${formatDuration(startMs)}`);
    const name = link === null ? escapeXml(label) : `<a href="${escapeXml(link)}">${escapeXml(label)}</a>`;
    const style = `left:${percent(startMs)};width:${percent(endMs - startMs)}`;
    return `<span>${name}</span><span class="track" title="${title}"><span class="${className}" style="${style}"></span></span><span class="soft mono">${duration}</span>`;
  });
  return `<h2>Timeline</h2>\n<p class="soft">${formatDuration(totalMs)} in all</p>\n<div class="timeline" id="timeline">\n${rows.join('\n')}\n</div>`;
}
