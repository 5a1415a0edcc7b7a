import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sshArguments, vmFiles } from './vm-files.ts';

const hasSsh = spawnSync('ssh', ['-V']).error === undefined;

/** What OpenSSH itself makes of a command line; a user's own configuration does not count. */
function understood(args: readonly string[]): ReadonlyMap<string, string> {
  const { stdout } = spawnSync('ssh', ['-G', '-F', '/dev/null', ...args], { encoding: 'utf8' });
  return new Map(stdout.split('\n').map((line) => [line.split(' ')[0] ?? '', line.split(' ').slice(1).join(' ')]));
}

describe.runIf(hasSsh)('the command line of ssh', () => {
  const files = vmFiles({ vmDir: '/home/a user/100%h', lane: 1 });

  it('takes the pinned host key and no other, whatever the port is', () => {
    const options = understood(sshArguments(files, 2207, true));
    expect(options.get('stricthostkeychecking')).toBe('true');
    expect(options.get('hostkeyalias')).toBe('nfstest-vm');
    expect(options.get('port')).toBe('2207');
    expect(options.get('hostname')).toBe('127.0.0.1');
    // ssh -G shows the path as ssh goes on to expand it.
    expect(options.get('userknownhostsfile')?.replaceAll('%%', '%').replaceAll('"', '')).toBe(join('/home/a user/100%h', 'lane-2', 'known_hosts'));
    expect(options.get('updatehostkeys')).toBe('false');
  });

  it('checks nothing where the host key is not known, and writes nothing down', () => {
    const options = understood(sshArguments(files, 2207, false));
    expect(options.get('stricthostkeychecking')).toBe('false');
    expect(options.get('userknownhostsfile')).toBe('/dev/null');
  });
});
