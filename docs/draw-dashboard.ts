import { writeFileSync } from 'node:fs';
import type { IBufferCell } from '@xterm/headless';
import { TestTerminal } from '../test/ui/terminal.ts';

// Draws docs/dashboard.svg: the dashboard on a real terminal, replaying a recorded run.
// Usage, after `npm run build`: node --experimental-transform-types docs/draw-dashboard.ts [RUN] [OUTPUT]
const [, , run = 'test/fixtures/runs/full', output = 'docs/dashboard.svg'] = process.argv;
const [columns, rows] = [120, 40];
/** Pixels. */
const cell = { width: 8.4, height: 17, fontSize: 14 };
const margin = 12;
const background = '#1e2127';
const foreground = '#c8ccd4';
/** The 16 ANSI colours of a common dark theme; the program uses only the first eight. */
const palette = ['#3f4451', '#e06c75', '#98c379', '#d19a66', '#61afef', '#c678dd', '#56b6c2', '#e6e6e6'];

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function styleOf(cell: IBufferCell): string {
  const colour = cell.isFgDefault() ? foreground : (palette[cell.getFgColor() % 8] ?? foreground);
  const fill = cell.isInverse() ? background : colour;
  return [`fill="${fill}"`, cell.isBold() ? 'font-weight="bold"' : '', cell.isDim() ? 'opacity="0.55"' : ''].filter(Boolean).join(' ');
}

function rowOf(cells: readonly IBufferCell[], row: number): string {
  const y = margin + row * cell.height;
  const parts: string[] = [];
  for (let start = 0; start < cells.length; ) {
    const first = cells[start];
    if (first === undefined) break;
    let end = start + 1;
    while (
      end < cells.length &&
      cells[end] !== undefined &&
      styleOf(cells[end] as IBufferCell) === styleOf(first) &&
      cells[end]?.isInverse() === first.isInverse()
    )
      end += 1;
    const text = cells
      .slice(start, end)
      .map((item) => item.getChars() || ' ')
      .join('');
    const x = margin + start * cell.width;
    const width = (end - start) * cell.width;
    if (first.isInverse()) parts.push(`<rect x="${x}" y="${y}" width="${width}" height="${cell.height}" fill="${foreground}"/>`);
    if (text.trim() !== '') parts.push(`<text x="${x}" y="${y + 13}" textLength="${width}" xml:space="preserve" ${styleOf(first)}>${escaped(text)}</text>`);
    start = end;
  }
  return parts.join('');
}

const terminal = new TestTerminal([process.execPath, 'build/compiled/cli.js', 'replay', run, '32x'], { columns, rows });
await terminal.until((text) => / running chmod /.test(text), 60_000);
terminal.write('p[5');
await new Promise((resolve) => setTimeout(resolve, 500));
const lines = terminal.cells().map(rowOf);
terminal.write('q');
await terminal.exited;
const [width, height] = [columns * cell.width + 2 * margin, rows * cell.height + 2 * margin];
writeFileSync(
  output,
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${cell.fontSize}">`,
    `<rect width="100%" height="100%" rx="8" fill="${background}"/>`,
    ...lines,
    '</svg>',
    '',
  ].join('\n'),
);
