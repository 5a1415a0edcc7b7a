import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { EnvironmentError, messageOf, UserError } from '../model/errors.ts';
import { didYouMean } from '../model/suggest.ts';

/** NFStest's own import of its packet library takes its time on a busy machine. */
const deadlineMs = 60_000;

/**
 * The testcases of a script of NFStest, as its own `--list--tests` gives them, in its order.
 *
 * @param dir a checkout of NFStest.
 * @param scripts what it has, for a message about one that it has not.
 */
export async function listSuiteTestcases(dir: string, script: string, scripts: readonly string[]): Promise<readonly string[]> {
  const path = join('test', script);
  if (!existsSync(join(dir, path))) {
    throw new UserError(`NFStest in ${dir} has no ${path}${didYouMean(script, scripts)}`, `it has ${scripts.join(', ')}`);
  }
  try {
    const { stdout } = await execa('python3', [path, '--list--tests'], {
      cwd: dir,
      env: { PYTHONPATH: dir, PYTHONDONTWRITEBYTECODE: '1' },
      timeout: deadlineMs,
      stdin: 'ignore',
    });
    const names = stdout.split(/\s+/).filter((word) => /^[\w.-]+$/.test(word));
    if (names.length === 0) throw new Error('it printed no names');
    return names;
  } catch (error) {
    throw new EnvironmentError(
      `${script} does not list its testcases: ${messageOf(error).split('\n')[0]}`,
      `try it by hand: cd ${dir} && PYTHONPATH=. python3 ${path} --list--tests`,
      {
        cause: error,
      },
    );
  }
}
