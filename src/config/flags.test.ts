import meow from 'meow';
import { describe, expect, it } from 'vitest';
import { UserError } from '../model/errors.ts';
import { placeSettings, repeatedSettings } from '../model/repeat-command.ts';
import { parseDefaults, readDefaults } from './defaults-file.ts';
import { flags, meowFlags, readFlags } from './flags.ts';

/** As src/cli.ts does it. */
const parse = (...argv: string[]) =>
  readFlags(meow({ importMeta: import.meta, argv, flags: meowFlags, autoHelp: false, autoVersion: false, allowUnknownFlags: true, description: false }).flags);

function complaint(...argv: string[]): string {
  try {
    parse(...argv);
  } catch (error) {
    if (error instanceof UserError) return `${error.message}\n  → ${error.hint}`;
    throw error;
  }
  return 'no complaint';
}

describe('readFlags', () => {
  it('gives settings by their key and switches by their name', () => {
    expect(parse('--port=4001', '--nfs-version', '4.1', '--ci', '--keep')).toEqual({
      settings: { NFS_PORT: '4001', NFS_VERSION: '4.1' },
      switches: new Set(['ci', 'keep']),
    });
    expect(parse()).toEqual({ settings: {}, switches: new Set() });
    expect(parse('--help', '--version')).toEqual({ settings: {}, switches: new Set() });
  });

  it('a flag that may stand alone has its meaning then, and its value where one is given', () => {
    expect(parse('--ci', '--triage').settings).toEqual({ TRIAGE: 'always' });
    expect(parse('--triage=never').settings).toEqual({ TRIAGE: 'never' });
    expect(complaint('--nfs-version')).toContain('--nfs-version needs a value');
  });

  it('keeps what looks like a number as it was typed', () => {
    expect(parse('--nfs-version=4.0', '--image-tag=007').settings).toEqual({ NFS_VERSION: '4.0', IMAGE_TAG: '007' });
  });

  it.each([
    [['--testcas=open'], 'unknown flag --testcas\n  → did you mean --testcase?'],
    [['--nfs-verson=3'], 'unknown flag --nfs-verson\n  → did you mean --nfs-version?'],
    [['--frobnicate'], 'unknown flag --frobnicate\n  → see nfstest-tui --help'],
    [['-x'], 'unknown flag --x\n  → see nfstest-tui --help'],
    [['--port'], '--port needs a value\n  → for example --port=PORT'],
    [['--port='], '--port needs a value\n  → for example --port=PORT'],
    [['--vm-dir', '--ci'], '--vm-dir needs a value\n  → for example --vm-dir=DIR'],
    [['--no-port'], '--port needs a value\n  → for example --port=PORT'],
    [['--no-keep'], 'no complaint'],
  ])('%j', (argv, message) => {
    expect(complaint(...argv)).toBe(message);
  });

  it('every setting has a default, and no name is there twice', () => {
    const defaults = readDefaults();
    const names = flags.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { key } of flags) if (key !== null) expect(defaults, key).toHaveProperty(key);
  });
});

describe('parseDefaults', () => {
  it('takes the KEY ?= value lines and nothing else', () => {
    const text = '# A ?= comment\nA ?= one\nB?=two words  \nC ?=\nD := no\n  E ?= indented\nf ?= small\nG ?= a=b ?= c\n';
    expect(parseDefaults(text)).toEqual({ A: 'one', B: 'two words', C: '', G: 'a=b ?= c' });
  });
});

describe('the command that repeats a run', () => {
  const keys = new Map(flags.flatMap(({ key, name }) => (key === null ? [] : [[key, name]])));
  const told = ['IMAGE_NAME', 'IMAGE_TAG', 'NFS_VERSION', 'SUITE', 'SUITE_SCRIPT', 'NFSTEST_SRC', 'TESTCASE'];

  it('names flags that exist', () => {
    for (const [key, flag] of Object.entries(repeatedSettings)) expect([key, keys.get(key)]).toEqual([key, flag]);
  });

  it('forgets no setting', () => {
    const known = [...Object.keys(repeatedSettings), ...placeSettings, ...told];
    expect([...keys.keys()].filter((key) => !known.includes(key))).toEqual([]);
  });
});
