/**
 * `make test-faults`: inflicts every fault on real parts, one after the other, and says whether the program survived it.
 * `FAULTS=name,name` chooses some; `--list` prints all. Results go into build/faults.json. Exit code 0 where every fault was survived.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../support/cli.ts';
import { trouble } from '../support/lab.ts';
import { faults, selectFaults } from './index.ts';
import type { FaultLab } from './lab.ts';
import { prepare, runFault } from './run-fault.ts';
import type { FaultResult } from './types.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

function list(): void {
  const width = Math.max(...faults.map(({ name }) => name.length));
  for (const { name, speed, about } of faults) say(`${name.padEnd(width)}  ${speed}  ${about}`);
}

function describe({ name, outcome, exitCode, seconds, problems }: FaultResult): string {
  const end = exitCode === null ? '' : `exit ${String(exitCode).padEnd(3)}  ${seconds === null ? '' : `${seconds.toFixed(1)} s`}`;
  return [`${outcome.padEnd(8)}  ${name.padEnd(28)}  ${end}`.trimEnd(), ...problems.map((problem) => `            ${problem.split('\n')[0]}`)].join('\n');
}

async function main(): Promise<number> {
  if (process.argv.includes('--list')) {
    list();
    return 0;
  }
  if (trouble !== null) {
    say(`the real engine and VM can't be used: ${trouble}`);
    return 3;
  }
  const chosen = selectFaults(process.env.FAULTS ?? '');
  await prepare();
  const startMs = performance.now();
  const results: FaultResult[] = [];
  let lab: FaultLab | null = null;
  const abandon = async () => {
    await lab?.endPrograms();
    await lab?.sweep();
    await lab?.undo();
    process.exit(130);
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => void abandon());
  for (const fault of chosen) {
    const result = await runFault(fault, (current) => {
      lab = current;
    });
    results.push(result);
    say(describe(result));
  }
  const seconds = Math.round((performance.now() - startMs) / 100) / 10;
  const count = (outcome: FaultResult['outcome']) => results.filter((result) => result.outcome === outcome).length;
  await mkdir(join(root, 'build'), { recursive: true });
  await writeFile(join(root, 'build', 'faults.json'), `${JSON.stringify({ at: new Date().toISOString(), seconds, faults: results }, null, 2)}\n`);
  const skipped = count('skipped') > 0 ? `, ${count('skipped')} skipped` : '';
  say(`${results.length} faults, ${count('survived')} survived${skipped} (${seconds} s; build/faults.json)`);
  return count('failed') === 0 ? 0 : 1;
}

process.exitCode = await main();
// Connections to the engine may still be open.
process.exit();
