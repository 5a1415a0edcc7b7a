import { UserError } from '../model/errors.ts';
import { didYouMean } from '../model/suggest.ts';

/** One testcase of nfstest_posix. */
export interface Testcase {
  readonly name: string;
  /** One line, for lists and pickers. */
  readonly description: string;
}

/** The testcases of nfstest_posix in the suite's own order (`nfstest_posix --list--tests`, v3.2); the bundled suite has the same. */
export const catalog: readonly Testcase[] = [
  { name: 'access', description: 'Permission checks of access() for every combination of file mode and request' },
  { name: 'chdir', description: 'Going into a new directory, back, and into one that does not exist' },
  { name: 'close', description: 'A closed descriptor can no longer be written' },
  { name: 'closedir', description: 'Closing a directory stream' },
  { name: 'creat', description: 'Creating a new file; truncating one that exists' },
  { name: 'fcntl', description: 'Duplicated descriptors, close-on-exec and the append flag' },
  { name: 'fdatasync', description: 'Flushing the data of a file' },
  { name: 'fstat', description: 'Mode and attributes of an open file' },
  { name: 'fstatvfs', description: 'Filesystem information through an open file' },
  { name: 'fsync', description: 'Flushing a file with its metadata' },
  { name: 'link', description: 'Hard links: link count, change times of file and directory' },
  { name: 'lseek', description: 'Seeking with every origin, also beyond the end of the file' },
  { name: 'lstat', description: 'Attributes of a symbolic link itself' },
  { name: 'mkdir', description: 'New directories; the name of a symbolic link is refused; times of the parent' },
  { name: 'mmap', description: 'Reading and writing a file through mapped memory' },
  { name: 'munmap', description: 'Unmapping a mapped file' },
  { name: 'opendir', description: 'Opening a directory stream' },
  { name: 'read', description: 'Reading data, reading zero bytes, access time afterwards' },
  { name: 'readdir', description: 'Listing the entries of a directory' },
  { name: 'readlink', description: 'Reading symbolic links to a file, to a directory and to nothing' },
  { name: 'rename', description: 'Renaming files, directories and links, also over a symbolic link' },
  { name: 'rewinddir', description: 'Reading a directory again from its beginning' },
  { name: 'rmdir', description: 'Removing a directory; times of the parent' },
  { name: 'seekdir', description: 'Going back to a remembered position in a directory' },
  { name: 'stat', description: 'Attributes of a file, also through a symbolic link' },
  { name: 'statvfs', description: 'Filesystem information by path' },
  { name: 'symlink', description: 'Making symbolic links' },
  { name: 'sync', description: 'Flushing everything' },
  { name: 'telldir', description: 'Telling the position in a directory' },
  { name: 'unlink', description: 'Removing files, links and files that are still open; times and link count' },
  { name: 'write', description: 'Writing zero and many bytes, leaving a hole, reading it all back' },
  { name: 'open', description: 'Every combination of open flags on new, existing and linked files (the longest but one)' },
  { name: 'chmod', description: 'Every mode from 0 to 7777 on a file and a directory (the longest)' },
];

/** Names in the suite's order. */
export const testcaseNames: readonly string[] = catalog.map((testcase) => testcase.name);

/**
 * Turns what was given for `--testcase` into names: separated by commas or blanks, `all` for every one,
 * without duplicates and in the suite's order.
 *
 * @param names those that there are, in the suite's order.
 * @throws UserError for a name that does not exist and for a list without any name.
 */
export function selectTestcases(text: string, names: readonly string[] = testcaseNames): readonly string[] {
  const hint = `choose from ${names.join(', ')}; or all`;
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  if (words.length === 0) throw new UserError('no testcase was selected', hint);
  const unknown = words.filter((word) => word !== 'all' && !names.includes(word));
  const [first] = unknown;
  if (first !== undefined) {
    const message =
      unknown.length === 1
        ? `unknown testcase '${first}'${didYouMean(first, [...names, 'all'])}`
        : `unknown testcases ${unknown.map((word) => `'${word}'`).join(', ')}${didYouMean(first, [...names, 'all'])}`;
    throw new UserError(message, hint);
  }
  return words.includes('all') ? names : names.filter((name) => words.includes(name));
}
