import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EnvironmentError, UserError } from '../model/errors.ts';
import { fakeFolder } from './fake-folder.ts';
import { listSuiteTestcases } from './suite-list.ts';

/** A checkout with one script that uses the package beside it, as NFStest's do. */
function checkout(script: string): string {
  const dir = fakeFolder();
  mkdirSync(join(dir, 'test'));
  mkdirSync(join(dir, 'suite'));
  writeFileSync(join(dir, 'suite', '__init__.py'), 'NAMES = ["btest01", "nptest-2"]\n');
  writeFileSync(join(dir, 'test', 'nfstest_lock'), script);
  return dir;
}

describe('listSuiteTestcases', () => {
  it('asks the script itself', async () => {
    const dir = checkout('import sys, suite\nassert sys.argv[1:] == ["--list--tests"]\nprint("\\n".join(suite.NAMES))\n');
    expect(await listSuiteTestcases(dir, 'nfstest_lock', ['nfstest_lock'])).toEqual(['btest01', 'nptest-2']);
  });

  it('a script that is not there, with the one that was meant', async () => {
    const error = await listSuiteTestcases(checkout(''), 'nfstest_lok', ['nfstest_io', 'nfstest_lock']).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/has no test\/nfstest_lok; did you mean 'nfstest_lock'\?/),
      hint: 'it has nfstest_io, nfstest_lock',
    });
  });

  it.each([
    ['import nowhere\n', /does not list its testcases: Command failed/],
    ['', /does not list its testcases: it printed no names/],
  ])('a script that fails: %j', async (script, message) => {
    const error = await listSuiteTestcases(checkout(script), 'nfstest_lock', []).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error).toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringContaining('PYTHONPATH=. python3 test/nfstest_lock --list--tests'),
    });
  });
});
