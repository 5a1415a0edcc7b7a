import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import { repeatCommand } from './repeat-command.ts';

test('a server of the program’s own', () => {
  const options = fakeOptions(process.cwd(), { IMAGE_NAME: 'ganesha', NFS_VERSION: '4.1' });
  expect(repeatCommand(options, ['read', 'open'])).toMatchInlineSnapshot(`"nfstest-tui --ci --image-name=ganesha --nfs-version=4.1 --testcase=read,open"`);
});

test('a server that is described by its own file, another tag, and a suite', () => {
  const config = join(process.cwd(), 'test/fixtures/servers/tiny/server.json');
  const options = fakeOptions(process.cwd(), { IMAGE_NAME: 'tiny', IMAGE_TAG: 'dev', SERVER_CONFIG: config, SUITE: 'bundled', NFSTEST_SRC: '/src/nfstest' });
  expect(repeatCommand(options, ['write'])).toMatchInlineSnapshot(
    `"nfstest-tui --ci --image-name=tiny --image-tag=dev --nfs-version=3 --suite=bundled --nfstest-src=/src/nfstest --server-config=test/fixtures/servers/tiny/server.json --testcase=write"`,
  );
});

test('a switch is repeated where it is on', () => {
  const command = (STRICT: string) => repeatCommand(fakeOptions(process.cwd(), { IMAGE_NAME: 'ganesha', STRICT, COLD: '0' }), ['read']);
  expect(command('1')).toBe('nfstest-tui --ci --image-name=ganesha --nfs-version=3 --strict --testcase=read');
  expect(command('0')).toBe('nfstest-tui --ci --image-name=ganesha --nfs-version=3 --testcase=read');
});
