import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Options } from '../config/options.ts';
import { UserError } from '../model/errors.ts';
import { listSuiteTestcases } from '../services/suite-list.ts';
import { localSuite } from '../steps/suite-source.ts';
import { catalog, posixScript, selectTestcases, type Testcase } from '../suite/catalog.ts';

/** The testcases there are: those of nfstest_posix are known, any other script is asked. */
export async function testcaseCatalog(
  options: Pick<Options, 'suiteScript' | 'suite' | 'nfstestSource' | 'nfstestRepository' | 'nfstestTag' | 'buildDir'>,
): Promise<readonly Testcase[]> {
  const { suiteScript } = options;
  if (suiteScript === posixScript) return catalog;
  if (options.suite === 'bundled')
    throw new UserError(`the bundled suite has no ${suiteScript}`, 'leave out --suite bundled, and set NFSTEST_SRC to a checkout of NFStest');
  const dir = localSuite(options);
  if (dir === null) throw new UserError(`${suiteScript} needs a checkout of NFStest`, 'set NFSTEST_SRC (--nfstest-src) to one');
  const scripts = (await readdir(join(dir, 'test')).catch(() => [])).filter((name) => name.startsWith('nfstest_')).sort();
  return (await listSuiteTestcases(dir, suiteScript, scripts)).map((name) => ({ name, description: '' }));
}

/** The selected testcases, of whichever script runs. */
export async function selectedTestcases(options: Options): Promise<readonly string[]> {
  const known = await testcaseCatalog(options);
  return selectTestcases(
    options.testcases.value,
    known.map(({ name }) => name),
  );
}
