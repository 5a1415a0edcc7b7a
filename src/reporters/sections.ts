/** A part of a testcase's or a run's report that every reporter can show: some lines, or a table. */
export interface Section {
  readonly title: string;
  readonly body:
    | { readonly kind: 'lines'; readonly lines: readonly string[] }
    | { readonly kind: 'table'; readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] };
}

/** A section as text: its title, then its lines or aligned columns, indented by two. */
export function sectionLines({ title, body }: Section): string[] {
  if (body.kind === 'lines') return [title, ...body.lines.map((line) => `  ${line}`)];
  const widths = body.columns.map((column, index) => Math.max(column.length, ...body.rows.map((row) => (row[index] ?? '').length)));
  const row = (cells: readonly string[]) => `  ${widths.map((width, index) => (cells[index] ?? '').padEnd(width)).join('  ')}`.trimEnd();
  return [title, row(body.columns), ...body.rows.map(row)];
}

/** The beginning and the end of what is too long, with a line between that says how much is missing. */
export function excerpt(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines;
  const head = Math.floor(most / 4);
  const tail = most - head;
  return [...lines.slice(0, head), `… ${lines.length - most} lines left out`, ...lines.slice(-tail)];
}
