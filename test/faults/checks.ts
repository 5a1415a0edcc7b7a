import type { Finished } from '../support/cli.ts';
import type { FaultLab } from './lab.ts';

/** Terminal commands other than colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const commands = /\u001b(?!\[[\d;]*m)|[\u0000-\u0008\u000b\u000c\u000e-\u001a\u007f]/;

/** Throws where a program printed something that could move a terminal's cursor or worse. */
export function onlyCleanText(finished: Finished): Finished {
  for (const [name, text] of Object.entries({ stdout: finished.stdout, stderr: finished.stderr })) {
    const at = text.search(commands);
    if (at >= 0) throw new Error(`${name} holds a terminal command: ${JSON.stringify(text.slice(at, at + 30))}`);
  }
  return finished;
}

interface Summary {
  readonly exitCode: number;
  readonly totals: { readonly selected: number; readonly passed: number; readonly failed: number; readonly notRun: number };
}

/** Testcases that did not run, by the kept summary; throws where it keeps less than everything that was selected, or calls it a pass. */
export async function notRunCountOf(lab: FaultLab): Promise<number> {
  const { exitCode, totals } = (await lab.summary()) as unknown as Summary;
  if (totals.selected !== 33) throw new Error(`the summary knows of ${totals.selected} testcases instead of 33`);
  if (totals.notRun === 0 || exitCode === 0) throw new Error(`the summary says exit code ${exitCode} with ${totals.notRun} testcases not run`);
  return totals.notRun;
}
