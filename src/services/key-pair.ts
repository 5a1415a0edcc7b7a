import ssh from 'ssh2';

/** A pair of Ed25519 keys in OpenSSH's formats, without a passphrase; the public one is a line for authorized_keys. */
export function makeKeyPair(comment = 'nfstest-tui'): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = ssh.utils.generateKeyPairSync('ed25519', { comment });
    // Two in a thousand of those that ssh2 1.17 makes nobody can read, itself included.
    if (!(ssh.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}
