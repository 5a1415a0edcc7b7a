import { expect, it } from 'vitest';
import { type ScriptListing, scriptCatalog, selectOfScript } from './script.ts';

const listing: ScriptListing = {
  usage: '%prog --server <server> [--client <client>] [options]\n\n--client in an example',
  tests: [
    { name: 'btest01', description: 'Basic', clients: 0 },
    { name: 'nptest01', description: 'Process', clients: 0 },
    { name: 'nctest01', description: 'Client', clients: 1 },
  ],
  groups: { noverlap: ['nptest01', 'nctest01'], nctest: ['nctest01'] },
};
const select = (text: string) => selectOfScript(text, scriptCatalog('nfstest_lock', listing));

it('takes tests for one client, groups and all', () => {
  expect(scriptCatalog('nfstest_lock', listing).testcases.map(({ name }) => name)).toEqual(['btest01', 'nptest01']);
  expect([select('all'), select('noverlap'), select('nptest01 btest01')]).toEqual([['btest01', 'nptest01'], ['nptest01'], ['btest01', 'nptest01']]);
});

it.each([
  ['nctest01', 'nctest01 needs several clients, and here is one'],
  ['btest01,nctest', 'nctest needs several clients, and here is one'],
  ['btest1', "unknown testcase 'btest1'; did you mean 'btest01'?"],
])('%s is refused', (text, message) => {
  expect(() => select(text)).toThrow(message);
});

it('a script that needs another client is refused as a whole', () => {
  expect(() => scriptCatalog('nfstest_cache', { ...listing, usage: '%prog --server <server> --client <client> [options]' })).toThrow(
    'nfstest_cache needs several clients, and here is one',
  );
});
