import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnvironmentError, UserError } from '../model/errors.ts';
import { testcaseNames } from '../suite/catalog.ts';
import { addKnownFailure, knownFailuresFile, parseKnownFailures, readKnownFailures } from './known-failures-file.ts';
import { asset } from './paths.ts';

const parse = (text: string) => parseKnownFailures(text, 'k.toml');

describe('parseKnownFailures', () => {
  it('an entry with all fields', () => {
    const text = '[[failure]]\ntestcase = "open"\nmessage = "a|b *"\nreason = "because"\nnfs = ["3", ">=4.1"]\nkernel = ">=6.1 <7"\nsuite = "nfstest"\n';
    expect(parse(text)).toEqual([{ testcase: 'open', message: 'a|b *', reason: 'because', nfs: ['3', '>=4.1'], kernel: ['>=6.1 <7'], suite: 'nfstest' }]);
  });

  it('the least', () => {
    expect(parse('[[failure]]\ntestcase = "open"\nreason = "because"\n')).toEqual([
      { testcase: 'open', message: null, reason: 'because', nfs: [], kernel: [], suite: null },
    ]);
    expect(parse('')).toEqual([]);
  });

  it.each([
    ['[[failure]]\ntestcase = "open\n', 'k.toml:2: '],
    ['# note\n\n[[failure]]\ntestcase = "open"\n', "k.toml:3: 'reason' is missing"],
    [
      '[[failure]]\ntestcase = "a"\nreason = "b"\n\n[[failure]]\ntestcase = "open"\nreason = "x"\nnfs = "new"\n',
      'k.toml:8: \'nfs\' has no range of versions in "new"',
    ],
    ['[[failure]]\ntestcase = "open"\nreason = "x"\nkernel = 6.1\n', "k.toml:4: 'kernel' has no range of versions in 6.1"],
    ['[[failure]]\ntestcase = "open"\nreasn = "x"\n', "k.toml:3: there is no field 'reasn'"],
    ['[[failure]]\ntestcase = ["open"]\nreason = "x"\n', "k.toml:2: 'testcase' is no text"],
    ['[[failure]]\ntestcase = "open"\nreason = " "\n', "k.toml:3: 'reason' is no text"],
    ['[[failure]]\ntestcase = "open"\nreason = "x"\nsuite = "posix"\n', "k.toml:4: 'posix' is no suite"],
    ['testcase = "open"\n', "k.toml:1: there is no 'testcase' here"],
    ['failure = "open"\n', "k.toml: 'failure' is no list"],
    ['failure = ["open"]\n', 'k.toml:1: '],
  ])('%j: %s', (text, message) => {
    expect(() => parse(text)).toThrow(UserError);
    expect(() => parse(text)).toThrow(message);
  });
});

describe('files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nfstest-known-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('those that come with the program are sound, and name testcases that exist', async () => {
    const names = (await readdir(asset('known-failures'))).filter((name) => name.endsWith('.toml'));
    expect(names).toContain('ganesha.toml');
    for (const name of names) {
      const entries = await readKnownFailures({ path: asset('known-failures', name), explicit: true });
      expect(entries.length).toBeGreaterThan(0);
      for (const { testcase } of entries) expect(testcaseNames).toContain(testcase);
    }
  });

  it('which file is read', () => {
    expect(knownFailuresFile('', 'ganesha')).toEqual({ path: asset('known-failures', 'ganesha.toml'), explicit: false });
    expect(knownFailuresFile('', 'registry/my/server')).toEqual({ path: asset('known-failures', 'registry-my-server.toml'), explicit: false });
    expect(knownFailuresFile('/a/b.toml', 'ganesha')).toEqual({ path: '/a/b.toml', explicit: true });
    expect(knownFailuresFile('none', 'ganesha')).toBeNull();
  });

  it('a server without a file expects nothing; a file that was asked for must be there', async () => {
    const path = join(folder, 'none.toml');
    expect(await readKnownFailures({ path, explicit: false })).toEqual([]);
    await expect(readKnownFailures({ path, explicit: true })).rejects.toThrow(UserError);
  });

  it('an entry is added at the end, and comments stay', async () => {
    const path = join(folder, 'k.toml');
    const entry = { testcase: 'open', message: 'say "no"\nor \\', reason: 'because', nfs: ['4.1'], kernel: [], suite: null };
    await addKnownFailure(path, entry);
    await writeFile(path, `# mine\n${(await readFile(path, 'utf8')).trim()}`);
    await addKnownFailure(path, { ...entry, testcase: 'read', message: null, nfs: [], suite: 'bundled' });
    const text = await readFile(path, 'utf8');
    expect(text).toMatchInlineSnapshot(`
      "# mine
      [[failure]]
      testcase = "open"
      message = "say \\"no\\"\\nor \\\\"
      reason = "because"
      nfs = [ "4.1" ]

      [[failure]]
      testcase = "read"
      reason = "because"
      suite = "bundled"
      "
    `);
    expect(parseKnownFailures(text, path)).toEqual([entry, { ...entry, testcase: 'read', message: null, nfs: [], suite: 'bundled' }]);
  });

  it('a file that is not sound is left as it is', async () => {
    const path = join(folder, 'k.toml');
    await writeFile(path, '[[failure]]\n');
    const entry = { testcase: 'open', message: null, reason: 'because', nfs: [], kernel: [], suite: null };
    await expect(addKnownFailure(path, entry)).rejects.toThrow(`${path}:1: 'testcase' is missing`);
    expect(await readFile(path, 'utf8')).toBe('[[failure]]\n');
  });

  it('a folder that can’t be written', async () => {
    const entry = { testcase: 'open', message: null, reason: 'because', nfs: [], kernel: [], suite: null };
    await expect(addKnownFailure(join(folder, 'no', 'k.toml'), entry)).rejects.toThrow(EnvironmentError);
  });
});
