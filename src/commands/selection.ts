import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isGitUrl, type Options } from '../config/options.ts';
import { asset } from '../config/paths.ts';
import { listTests } from '../host/list-tests.ts';
import { UserError } from '../model/errors.ts';
import { didYouMean } from '../model/suggest.ts';
import { catalog, selectTestcases, type Testcase } from '../suite/catalog.ts';
import { posixScript, type ScriptCatalog, type ScriptListing, scriptCatalog, selectOfScript } from '../suite/script.ts';

type Asked = Pick<Options, 'suiteScript' | 'suite' | 'nfstestSource' | 'testcases'>;

/** The list of a script other than nfstest_posix, asked of the checkout itself: versions differ. Takes half a second. */
async function catalogOfScript({ suiteScript: script, suite, nfstestSource: dir }: Asked): Promise<ScriptCatalog> {
  if (suite === 'bundled' || dir === '' || isGitUrl(dir)) {
    throw new UserError(
      `${script} comes with NFStest alone; the bundled suite has ${posixScript}`,
      'set NFSTEST_SRC (--nfstest-src) to a folder with a checkout of NFStest',
    );
  }
  if (!existsSync(join(dir, 'test', script))) {
    const scripts = existsSync(join(dir, 'test')) ? readdirSync(join(dir, 'test')).filter((name) => name.startsWith('nfstest_')) : [];
    throw new UserError(
      `${dir} has no test/${script}${didYouMean(script, scripts)}`,
      `it has ${scripts.join(', ') || 'no scripts: set NFSTEST_SRC to a checkout of NFStest'}`,
    );
  }
  return scriptCatalog(script, JSON.parse(await listTests(asset('runner', 'list_tests.py'), dir, script)) as ScriptListing);
}

/** The testcases that can be chosen from. */
export const catalogOf = async (options: Asked): Promise<readonly Testcase[]> =>
  options.suiteScript === posixScript ? catalog : (await catalogOfScript(options)).testcases;

/** The testcases that were chosen; the default names those of nfstest_posix, of another script it is all. */
export async function selectionOf(options: Asked): Promise<readonly string[]> {
  const { value, explicit } = options.testcases;
  if (options.suiteScript === posixScript) return selectTestcases(value);
  return selectOfScript(explicit ? value : 'all', await catalogOfScript(options));
}
