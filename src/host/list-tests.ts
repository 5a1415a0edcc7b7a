import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { EnvironmentError, messageOf } from '../model/errors.ts';

const deadlineMs = 20_000;

/**
 * Asks a script of NFStest which tests it has; see nfstest/runner/list_tests.py.
 *
 * @returns what was printed, JSON.
 * @throws EnvironmentError where it is no test script, or Python is missing.
 */
export async function listTests(program: string, suiteDir: string, script: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('python3', [program, suiteDir, script], { timeout: deadlineMs });
    return stdout;
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1);
    throw new EnvironmentError(
      `the tests of ${script} can’t be listed: ${said || messageOf(error)}`,
      'it has to be a test of NFStest, and python3 has to be there',
      {
        cause: error,
      },
    );
  }
}
