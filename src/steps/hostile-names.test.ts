import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import { UserError } from '../model/errors.ts';
import { shellQuote } from '../model/shell-quote.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { selectTestcases } from '../suite/catalog.ts';
import { suiteCommand } from './client.ts';
import type { ServerEndpoint } from './server-endpoint.ts';

const dir = fakeFolder();
const server = (path: string): ServerEndpoint => ({ host: '10.0.2.2', nfsPort: 4000, mountPort: 4000, export: path });

/** What the words of a command are once a shell has read it; nothing of it is run. */
const wordsOf = (command: string): string[] =>
  execFileSync('sh', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8', cwd: dir })
    .split('\0')
    .slice(0, -1);

describe('names from flags and recipes', () => {
  it.each(['open;reboot', 'open&reboot', 'open|reboot', '$(reboot)', '`reboot`', 'open\nreboot', '--mtopts=x', '../open', "'", 'open read;', ''])(
    'testcase %j is refused',
    (name) => expect(() => selectTestcases(name)).toThrow(UserError),
  );

  it.each(['x;reboot', '$(reboot)', 'a b', '-privileged', '--help', 'x:tag', 'A', '../x'])('image name %j is refused', (name) => {
    expect(() => fakeOptions(dir, { IMAGE_NAME: name })).toThrow(UserError);
  });

  it.each(['/a b', "/it's", '/$(touch hit)', '/`touch hit`', '/a;touch hit', '/a\ntouch hit', '/-x', '/*', '/ü'])(
    'export %j stays one word in the guest',
    (path) => {
      const suite = { identity: { kind: 'nfstest' as const, version: null, source: dir }, dir };
      const words = wordsOf(suiteCommand({ suite, server: server(path), options: fakeOptions(dir), testcases: ['open'] }));
      expect(words[words.indexOf('--export') + 1]).toBe(path);
      expect(words.filter((word) => word.includes('hit') && word !== path)).toEqual([]);
    },
  );

  it('any word comes back out of a shell as it was', () => {
    const word = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\0', '').toWellFormed());
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 40 }), (words) => {
        expect(wordsOf(words.map(shellQuote).join(' '))).toEqual(words);
      }),
      { seed: 20_261_125, numRuns: 40 },
    );
  });
});
