import ssh from 'ssh2';
import { expect, it } from 'vitest';
import { makeKeyPair } from './key-pair.ts';

it('makes keys that can be read, each time', () => {
  for (let count = 0; count < 1_500; count++) {
    const pair = makeKeyPair('me');
    const [own, shown] = [ssh.utils.parseKey(pair.private), ssh.utils.parseKey(pair.public)];
    if (own instanceof Error || shown instanceof Error) throw new Error('a key that nobody can read');
    expect(own.getPublicSSH().equals(shown.getPublicSSH())).toBe(true);
    expect(shown.comment).toBe('me');
  }
});
