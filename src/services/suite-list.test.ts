import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asset } from '../config/paths.ts';
import { EnvironmentError, UserError } from '../model/errors.ts';
import { fakeFolder } from './fake-folder.ts';
import { listSuiteTestcases } from './suite-list.ts';

const script =
  'from nfstest.test_util import TestUtil\nTestUtil(usage="%prog", testnames=["btest01", "nptest"], testgroups={"nptest": {"tests": ["btest01"]}})\n';

/** A checkout with one script and the part of NFStest's package that it uses. */
function checkout(text = script): string {
  const dir = fakeFolder();
  for (const folder of ['test', 'nfstest']) mkdirSync(join(dir, folder));
  writeFileSync(join(dir, 'nfstest', '__init__.py'), '');
  const util = 'class TestUtil:\n    def __init__(self, **given): pass\n    def __del__(self): pass\n    def btest01_test(self):\n        """A lock"""\n';
  writeFileSync(join(dir, 'nfstest', 'test_util.py'), util);
  writeFileSync(join(dir, 'test', 'nfstest_lock'), text);
  return dir;
}
const list = (dir: string, name = 'nfstest_lock') => listSuiteTestcases(asset('runner', 'list_tests.py'), dir, name, ['nfstest_io', 'nfstest_lock']);
const failure = (listing: Promise<string>) => listing.catch((reason: unknown) => reason);

describe('listSuiteTestcases', () => {
  it('asks the script itself', async () => {
    expect(JSON.parse(await list(checkout()))).toEqual({
      usage: '%prog',
      tests: [{ name: 'btest01', description: 'A lock', clients: 0 }],
      groups: { nptest: ['btest01'] },
    });
  });

  it('a script that is not there, with the one that was meant', async () => {
    const error = await failure(list(checkout(), 'nfstest_lok'));
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/has no test\/nfstest_lok; did you mean 'nfstest_lock'\?/),
      hint: 'it has nfstest_io, nfstest_lock',
    });
  });

  it.each([
    ['import nowhere\n', /does not list its testcases: ModuleNotFoundError/],
    ['', /does not list its testcases: nfstest_lock makes no test object: it is a tool, not a test/],
  ])('a script that fails: %j', async (text, message) => {
    const error = await failure(list(checkout(text)));
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error).toMatchObject({ message: expect.stringMatching(message), hint: expect.stringContaining('python3 test/nfstest_lock --list--tests') });
  });
});
