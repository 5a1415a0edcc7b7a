import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import type { Options } from '../config/options.ts';
import { vmFiles } from '../config/vm-files.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { EnvironmentFile } from '../steps/environment.ts';
import { writeKnownHosts } from '../steps/host-key.ts';
import { guestShellArguments } from './guest-shell.ts';

const key = 'ssh-ed25519 AAAA';
const port = 2222;
const record = { pid: 1, startTime: 's', qmpSocket: 'q', agentSocket: 'a', consoleLog: 'l', accelerator: 'tcg', sshPort: port };

let options: Options;
beforeEach(() => {
  options = fakeOptions(fakeFolder());
});

const start = (hostKey?: string | null) => new EnvironmentFile(options, 'run-1').update({ vm: hostKey === undefined ? record : { ...record, hostKey } });
const checking = () => guestShellArguments(options, port).find((argument) => argument.startsWith('StrictHostKeyChecking='));

describe('a shell in the guest', () => {
  it('checks the host key that was written down', async () => {
    await start(key);
    await writeKnownHosts(vmFiles(options).knownHosts, 'ssh-ed25519 BBBB');
    expect(checking()).toBe('StrictHostKeyChecking=yes');
    expect(readFileSync(vmFiles(options).knownHosts, 'utf8')).toBe('nfstest-vm ssh-ed25519 BBBB\n');
  });

  it.each([0, 2])('writes it down again where known_hosts was lost, in lane %d', async (lane) => {
    options = { ...options, lane };
    await start(key);
    expect(checking()).toBe('StrictHostKeyChecking=yes');
    expect(readFileSync(vmFiles(options).knownHosts, 'utf8')).toBe(`nfstest-vm ${key}\n`);
  });

  it.each([null, undefined])('checks none where nobody knows it (%s)', async (hostKey) => {
    await start(hostKey);
    expect(checking()).toBe('StrictHostKeyChecking=no');
    expect(existsSync(vmFiles(options).knownHosts)).toBe(false);
  });

  it.each([
    ['is lost', () => rmSync(vmFiles(options).environment)],
    ['is damaged', () => writeFileSync(vmFiles(options).environment, '{"runId": "run-1", "vm"')],
    ['is of another guest', () => new EnvironmentFile(options, 'run-2').update({ vm: { ...record, sshPort: port + 1, hostKey: null } })],
  ])('trusts nobody where env.json %s, too', async (_, harm) => {
    await start(key);
    await harm();
    expect(checking()).toBe('StrictHostKeyChecking=yes');
    expect(existsSync(vmFiles(options).knownHosts)).toBe(false);
  });
});
