import type { XdrReader } from './xdr.ts';

/**
 * Arguments of the operations of NFS v4, as far as they must be skipped to find the next one. Sources: RFC 7531, RFC 5662, RFC 7863, RFC 8276.
 * Letters: `u` 4 bytes, `h` 8, `s` a stateid or session id of 16, `o` opaque, `b` a bitmap, `f` attributes (a bitmap, then opaque).
 */
const layouts: Readonly<Record<number, string>> = {
  3: 'u', // ACCESS
  4: 'us', // CLOSE
  5: 'hu', // COMMIT
  7: 'h', // DELEGPURGE
  8: 's', // DELEGRETURN
  9: 'b', // GETATTR
  10: '', // GETFH
  11: 'o', // LINK
  13: 'uhhho', // LOCKT
  14: 'uushh', // LOCKU
  15: 'o', // LOOKUP
  16: '', // LOOKUPP
  17: 'f', // NVERIFY
  19: 'u', // OPENATTR
  20: 'su', // OPEN_CONFIRM
  21: 'suuu', // OPEN_DOWNGRADE
  22: 'o', // PUTFH
  23: '', // PUTPUBFH
  24: '', // PUTROOTFH
  25: 'shu', // READ
  26: 'hhuub', // READDIR
  27: '', // READLINK
  28: 'o', // REMOVE
  29: 'oo', // RENAME
  30: 'h', // RENEW
  31: '', // RESTOREFH
  32: '', // SAVEFH
  33: 'o', // SECINFO
  34: 'sf', // SETATTR
  35: 'houoou', // SETCLIENTID
  36: 'hh', // SETCLIENTID_CONFIRM
  37: 'f', // VERIFY
  38: 'shuo', // WRITE
  39: 'ho', // RELEASE_LOCKOWNER
  41: 'suu', // BIND_CONN_TO_SESSION
  44: 's', // DESTROY_SESSION
  45: 's', // FREE_STATEID
  52: 'u', // SECINFO_NO_NAME
  53: 'suuuu', // SEQUENCE
  57: 'h', // DESTROY_CLIENTID
  58: 'u', // RECLAIM_COMPLETE
  59: 'shh', // ALLOCATE
  62: 'shh', // DEALLOCATE
  63: 'shhb', // IO_ADVISE
  66: 's', // OFFLOAD_CANCEL
  67: 's', // OFFLOAD_STATUS
  68: 'shu', // READ_PLUS
  69: 'shu', // SEEK
  71: 'sshhh', // CLONE
  72: 'o', // GETXATTR
  73: 'uoo', // SETXATTR
  74: 'hu', // LISTXATTRS
  75: 'o', // REMOVEXATTR
};

const sizes: ReadonlyMap<string, number> = new Map([
  ['u', 4],
  ['h', 8],
  ['s', 16],
]);

function skip(reader: XdrReader, layout: string): void {
  for (const letter of layout) {
    const size = sizes.get(letter);
    if (letter === 'o') reader.skipOpaque();
    else if (letter === 'b') reader.skipArray(4);
    else if (letter === 'f') skip(reader, 'bo');
    else if (size !== undefined) reader.skip(size);
    else throw new Error(`no letter ${letter} in layouts`);
  }
}

/** Arguments that depend on themselves. They say whether the next operation can be found. */
const special: Readonly<Record<number, (reader: XdrReader) => boolean>> = {
  // CREATE: a symbolic link's text, a device's numbers, or nothing; name and attributes.
  6: (reader) => {
    const type = reader.uint();
    skip(reader, type === 5 ? 'oof' : type === 3 || type === 4 ? 'hof' : 'of');
    return true;
  },
  // LOCK: an owner that is new to the server, or one that it knows.
  12: (reader) => {
    skip(reader, 'uuhh');
    skip(reader, reader.uint() === 0 ? 'su' : 'usuho');
    return true;
  },
  18: skipOpen,
};

/** OPEN: owner, how to create, and by which right. */
function skipOpen(reader: XdrReader): boolean {
  skip(reader, 'uuuho');
  if (reader.uint() === 1) {
    const mode = reader.uint();
    skip(reader, mode < 2 ? 'f' : mode === 2 ? 'h' : 'hf');
  }
  const claim = reader.uint();
  // By name, of an earlier opening, by a delegation, of an earlier delegation; then by the file handle: alone, by a delegation, of an earlier one.
  const layout = ['o', 'u', 'so', 'o', '', 's', ''][claim];
  if (layout === undefined) return false;
  skip(reader, layout);
  return true;
}

/**
 * The operations of a compound, from its arguments (RFC 7530, section 15.2: tag, minor version, operations).
 * After one whose arguments are not known above the rest is left out: these stand alone or last in what clients send.
 */
export function compoundOperations(reader: XdrReader): number[] {
  const operations: number[] = [];
  skip(reader, 'ou');
  for (let left = reader.uint(); left > 0; left--) {
    const operation = reader.uint();
    operations.push(operation);
    const layout = layouts[operation];
    try {
      if (layout !== undefined) skip(reader, layout);
      else if (!special[operation]?.(reader)) break;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // The capture has cut the message off.
      break;
    }
  }
  return operations;
}
