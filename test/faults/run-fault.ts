import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Finished } from '../support/cli.ts';
import { FaultLab, faultsDir } from './lab.ts';
import type { Expected, Fault, FaultResult } from './types.ts';

/** Reaching the situation may mean to boot a VM; whoever needs more than this hangs. */
const setUpDeadlineMs = 120_000;
/** What ends after the program may take a moment to be gone: an engine takes away a build that was cut off when it has killed its container. */
const settleMs = 5_000;

const codesOf = ({ exitCode }: Expected): readonly number[] => (typeof exitCode === 'number' ? [exitCode] : exitCode);

/** What is wrong with the way a program ended. */
export function problemsOf({ exitCode, stdout, stderr }: Finished, seconds: number | null, expected: Expected): readonly string[] {
  const problems: string[] = [];
  const codes = codesOf(expected);
  if (exitCode === null || !codes.includes(exitCode)) problems.push(`exit code ${exitCode}, expected ${codes.join(' or ')}`);
  const said = `${stdout}\n${stderr}`;
  for (const words of expected.says) if (!words.test(said)) problems.push(`does not say ${words}`);
  if (seconds === null) problems.push('the time to the verdict is not known');
  else if (seconds > expected.withinS) problems.push(`took ${seconds.toFixed(1)} s, expected ${expected.withinS} s at most`);
  const bugIsRight = expected.says.some((words) => words.test('a bug'));
  if (!bugIsRight && /a bug in nfstest-tui|nfstest-tui: a bug:/.test(said)) problems.push('calls it a bug of its own');
  if (exitCode !== 0 && /NFS Test PASSED/.test(said)) problems.push(`says PASSED with exit code ${exitCode}`);
  return problems;
}

async function leftoversAfter(lab: FaultLab): Promise<readonly string[]> {
  const deadline = performance.now() + settleMs;
  for (;;) {
    const found = await lab.leftovers();
    if (found.length === 0 || performance.now() > deadline) return found;
    await sleep(100);
  }
}

/** Images, the VM's first boot, its saved state and the suite: no fault's time is for them. Throws where they can't be had. */
export async function prepare(): Promise<void> {
  const lab = await FaultLab.open('prepare');
  await lab.must('start-env');
  await lab.must('stop-env');
}

/** Inflicts one fault and says what came of it. `onLab` is told where it happens, for whoever has to tidy up before its end. */
export async function runFault(fault: Fault, onLab: (lab: FaultLab) => void = () => {}): Promise<FaultResult> {
  const { name, expected } = fault;
  const told = { exitCode: expected.exitCode, says: expected.says.map(String), withinS: expected.withinS };
  const obstacle = fault.obstacle?.() ?? null;
  if (obstacle !== null) return { name, outcome: 'skipped', exitCode: null, seconds: null, expected: told, problems: [obstacle] };
  const log = join(faultsDir, `${name}.log`);
  await rm(log, { force: true });
  let lab: FaultLab;
  try {
    lab = await FaultLab.open(name);
  } catch (error) {
    return { name, outcome: 'failed', exitCode: null, seconds: null, expected: told, problems: [String(error)] };
  }
  onLab(lab);
  const problems: string[] = [];
  let finished: Finished | null = null;
  const timer = new AbortController();
  try {
    const before = await leftoversAfter(lab);
    if (before.length > 0) throw new Error(`not clean before it: ${before.join(', ')}`);
    const tooLong = sleep(setUpDeadlineMs + expected.withinS * 1000, null, { signal: timer.signal }).then(() => {
      throw new Error('hangs: neither the situation nor a verdict was reached');
    });
    tooLong.catch(() => {});
    finished = await Promise.race([fault.inflict(lab), tooLong]);
    problems.push(...problemsOf(finished, lab.secondsToVerdict, expected));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    timer.abort();
  }
  // Programs first, then what is left, then the machine as it was: what was undone can't be left.
  problems.push(...(await lab.endPrograms()));
  const left = await leftoversAfter(lab);
  if (left.length > 0) {
    problems.push(`left behind: ${left.join(', ')}`);
    await lab.sweep();
  }
  problems.push(...(await lab.undo()));
  if (problems.length > 0) {
    await mkdir(faultsDir, { recursive: true });
    await writeFile(log, [...problems, '', finished?.stdout ?? '', finished?.stderr ?? ''].join('\n'));
  }
  const { exitCode = null } = finished ?? {};
  const seconds = lab.secondsToVerdict === null ? null : Math.round(lab.secondsToVerdict * 10) / 10;
  return { name, outcome: problems.length === 0 ? 'survived' : 'failed', exitCode, seconds, expected: told, problems };
}
