import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from './support/cli.ts';

const exec = promisify(execFile);

describe('the packed program, installed elsewhere', () => {
  let folder: string;
  let installed: string;
  const run = (...args: string[]) => exec(process.execPath, [join(installed, 'build', 'compiled', 'cli.js'), ...args], { cwd: folder });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nfstest-tui-'));
    const { stdout } = await exec('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
    await exec('tar', ['-xzf', stdout.trim(), '-C', folder], { cwd: folder });
    installed = join(folder, 'package');
    // All that it has from elsewhere at run time: what is tested is what was packed.
    await mkdir(join(installed, 'node_modules'));
    await symlink(join(root, 'node_modules', 'ssh2'), join(installed, 'node_modules', 'ssh2'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test('--version', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    expect((await run('--version')).stdout).toBe(`nfstest-tui ${version}\n`);
  });

  test('finds its assets in the package and puts artifacts under ./build', async () => {
    const { stdout } = await run('--ci', '--dry-run', '--image-name=ganesha');
    expect(stdout).toContain(join(installed, 'nfstest', 'servers', 'ganesha', 'Dockerfile'));
    expect(stdout).toContain(join(folder, 'build', 'nfstest', 'vm', 'vm-test.qcow2'));
  });

  test('carries suite, runner and recipes, and no tests', async () => {
    const { stdout } = await exec('find', [installed, '-not', '-path', '*/node_modules/*', '-type', 'f'], { cwd: folder });
    for (const file of [
      'nfstest/defaults.mk',
      'nfstest/runner/runner.py',
      'nfstest/runner/server_probe.py',
      'nfstest/suite/test/nfstest_posix',
      'nfstest/vm/user-data',
      'nfstest/vm/debian-rootfs.sh',
    ]) {
      expect(stdout).toContain(join(installed, file));
    }
    expect(stdout).not.toMatch(/\.test\.|fake-|__pycache__|\/test\/fixtures/);
  });
});
