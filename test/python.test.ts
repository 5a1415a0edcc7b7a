import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { root } from './support/cli.ts';

const exec = promisify(execFile);

/** unittest prints its verdict on standard error and ends with 1 where a test failed. */
const unittest = async (folder: string, ...args: string[]) =>
  (await exec('python3', ['-m', 'unittest', ...args], { cwd: join(root, 'nfstest', folder) })).stderr;

describe('what runs in the guest', () => {
  test('the runner', async () => {
    expect(await unittest('runner', 'runner_test')).toMatch(/Ran \d\d tests[\s\S]*OK/);
  });

  test('its question to the server', async () => {
    expect(await unittest('runner', 'server_probe_test')).toMatch(/Ran \d tests[\s\S]*OK/);
  });

  test('the agent', async () => {
    expect(await unittest('runner', 'agent_test')).toMatch(/Ran \d tests[\s\S]*OK/);
  });

  test('the list of a script’s tests', async () => {
    expect(await unittest('runner', 'list_tests_test')).toMatch(/Ran \d tests[\s\S]*OK/);
  });

  test('the bundled suite’s harness', async () => {
    expect(await unittest('suite', 'discover', '-s', 'posixsuite', '-p', '*_test.py', '-t', '.')).toMatch(/Ran \d\d tests[\s\S]*OK/);
  });
});
