import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { EnvironmentError, messageOf, UserError } from '../model/errors.ts';
import { didYouMean } from '../model/suggest.ts';

/** NFStest's own import of its packet library takes its time on a busy machine. */
const deadlineMs = 60_000;

/** The last line that the script printed says most. */
function saidBy(error: unknown): string {
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
  return stderr.trim().split('\n').at(-1) || (messageOf(error).split('\n')[0] ?? '');
}

/**
 * The tests of a script of NFStest, as JSON; see nfstest/runner/list_tests.py.
 *
 * @param program path of list_tests.py.
 * @param dir a checkout of NFStest.
 * @param scripts what it has, for a message about one that it has not.
 */
export async function listSuiteTestcases(program: string, dir: string, script: string, scripts: readonly string[]): Promise<string> {
  const path = join('test', script);
  if (!existsSync(join(dir, path))) {
    throw new UserError(`NFStest in ${dir} has no ${path}${didYouMean(script, scripts)}`, `it has ${scripts.join(', ')}`);
  }
  try {
    const { stdout } = await execa('python3', [program, dir, script], { timeout: deadlineMs, stdin: 'ignore' });
    return stdout;
  } catch (error) {
    throw new EnvironmentError(
      `${script} does not list its testcases: ${saidBy(error)}`,
      `it has to be a test; try it by hand: cd ${dir} && PYTHONPATH=. python3 ${path} --list--tests`,
      { cause: error },
    );
  }
}
