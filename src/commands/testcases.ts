import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Options } from '../config/options.ts';
import { asset } from '../config/paths.ts';
import type { SuiteQuery } from '../history/comparable.ts';
import { UserError } from '../model/errors.ts';
import { posixScript } from '../model/suite-script.ts';
import { listSuiteTestcases } from '../services/suite-list.ts';
import { localSuite } from '../steps/suite-source.ts';
import { catalog, selectTestcases, type Testcase } from '../suite/catalog.ts';
import { type ScriptCatalog, type ScriptListing, scriptCatalog, selectOfScript } from '../suite/script.ts';

type Asked = Pick<Options, 'suiteScript' | 'suite' | 'nfstestSource' | 'nfstestRepository' | 'nfstestTag' | 'buildDir'>;

/** What another script than nfstest_posix has; versions differ, so it is asked itself. */
async function catalogOfScript(options: Asked): Promise<ScriptCatalog> {
  const { suiteScript } = options;
  if (options.suite === 'bundled')
    throw new UserError(`the bundled suite has no ${suiteScript}`, 'leave out --suite bundled, and set NFSTEST_SRC to a checkout of NFStest');
  const dir = localSuite(options);
  if (dir === null) throw new UserError(`${suiteScript} needs a checkout of NFStest`, 'set NFSTEST_SRC (--nfstest-src) to one');
  const scripts = (await readdir(join(dir, 'test')).catch(() => [])).filter((name) => name.startsWith('nfstest_')).sort();
  const listing = await listSuiteTestcases(asset('runner', 'list_tests.py'), dir, suiteScript, scripts);
  return scriptCatalog(suiteScript, JSON.parse(listing) as ScriptListing);
}

/** Whose runs say something about this one’s testcases. */
export const suiteQuery = ({ suite, suiteScript }: Pick<Options, 'suite' | 'suiteScript'>): SuiteQuery => ({
  script: suiteScript,
  kind: suite === 'auto' ? null : suite,
});

/** The testcases there are: those of nfstest_posix are known, any other script is asked. */
export const testcaseCatalog = async (options: Asked): Promise<readonly Testcase[]> =>
  options.suiteScript === posixScript ? catalog : (await catalogOfScript(options)).testcases;

/** The selected testcases, of whichever script runs; the default names those of nfstest_posix, of another script it is all. */
export async function selectedTestcases(options: Asked & Pick<Options, 'testcases'>): Promise<readonly string[]> {
  const { value, explicit } = options.testcases;
  return options.suiteScript === posixScript ? selectTestcases(value) : selectOfScript(explicit ? value : 'all', await catalogOfScript(options));
}
