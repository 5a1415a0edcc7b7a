import { stripControls } from '../model/terminal-text.ts';

const start = /^\s*TEST: Running test '(\w+)'/;
const header = /^\s*\*\*\* /;
const totals = /^\d+ tests? \(\d+ passed/;

/**
 * What the suite printed per testcase, from the log of a whole run. The header line before a testcase belongs to it;
 * what comes before the first one and after the last one belongs to none.
 */
export function outputByTestcase(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const output = new Map<string, string[]>();
  let current: string[] | null = null;
  let heading: string | null = null;
  for (const raw of lines) {
    const line = stripControls(raw).trimEnd();
    const name = start.exec(line)?.[1];
    if (name !== undefined) {
      current = [...(heading === null ? [] : [heading]), line];
      heading = null;
      output.set(name, current);
    } else if (header.test(line)) {
      heading = line;
      current = null;
    } else if (totals.test(line)) {
      current = null;
    } else if (line !== '') {
      current?.push(line);
    }
  }
  return output;
}
