import { stripControls } from '../model/terminal-text.ts';

const start = /^\s*TEST: Running test '(\w+)'/;
const header = /^\s*\*\*\* /;
/** What the suite prints at the end of a testcase. */
const time = /^\s*TIME: /;
const totals = /^\d+ tests? \(\d+ passed/;

/**
 * What the suite printed per testcase, from the log of a whole run, the logs of its lanes one after the other. The header line
 * before a testcase belongs to it; what comes before the first one and after the last one belongs to none.
 * Of a testcase that ran more than once, because a lane lost it, the last time that it came to its end counts.
 */
export function outputByTestcase(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const output = new Map<string, string[]>();
  /** Testcases whose output in `output` has its end. */
  const ended = new Set<string>();
  let current: { readonly name: string; readonly lines: string[] } | null = null;
  let heading: string | null = null;
  for (const raw of lines) {
    const line = stripControls(raw).trimEnd();
    const name = start.exec(line)?.[1];
    if (name !== undefined) {
      current = { name, lines: [...(heading === null ? [] : [heading]), line] };
      heading = null;
      if (!ended.has(name)) output.set(name, current.lines);
    } else if (header.test(line)) {
      heading = line;
      current = null;
    } else if (time.test(line) && current !== null) {
      current.lines.push(line);
      output.set(current.name, current.lines);
      ended.add(current.name);
    } else if (totals.test(line)) {
      current = null;
    } else if (line !== '') {
      current?.lines.push(line);
    }
  }
  return output;
}
