import { describe, expect, it } from 'vitest';
import { UserError } from '../model/errors.ts';
import { catalog, selectTestcases, testcaseNames } from './catalog.ts';

function failure(text: string): UserError {
  try {
    selectTestcases(text);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error(`'${text}' was accepted`);
}

describe('catalog', () => {
  it('has the 33 testcases in the order of nfstest_posix', () => {
    expect(testcaseNames.join(' ')).toBe(
      'access chdir close closedir creat fcntl fdatasync fstat fstatvfs fsync link lseek lstat mkdir mmap munmap opendir ' +
        'read readdir readlink rename rewinddir rmdir seekdir stat statvfs symlink sync telldir unlink write open chmod',
    );
    expect(testcaseNames).toHaveLength(33);
  });

  it('describes each in one short line', () => {
    for (const { description } of catalog) expect(description).toMatch(/^[A-Z][^\n]{10,90}[^.]$/);
  });
});

describe('selectTestcases', () => {
  it.each([
    ['open,read,write', ['read', 'write', 'open']],
    ['  write  read ', ['read', 'write']],
    ['read, read,,read', ['read']],
    ['chmod\topen', ['open', 'chmod']],
  ])('%j', (text, names) => {
    expect(selectTestcases(text)).toEqual(names);
  });

  it('takes all, also beside names', () => {
    expect(selectTestcases('all')).toEqual(testcaseNames);
    expect(selectTestcases('read,all')).toEqual(testcaseNames);
  });

  it('refuses an unknown name and says what was meant', () => {
    expect(failure('opne').message).toBe("unknown testcase 'opne'; did you mean 'open'?");
    expect(failure('read,xyzzy').message).toBe("unknown testcase 'xyzzy'");
    expect(failure('opne,raed').message).toBe("unknown testcases 'opne', 'raed'; did you mean 'open'?");
    expect(failure('all,nope!').message).toBe("unknown testcase 'nope!'");
    expect(failure('opne').hint).toMatch(/^choose from access, chdir, .*, open, chmod; or all$/);
    expect(failure('opne').exitCode).toBe(2);
  });

  it('refuses an empty selection', () => {
    expect(failure('').message).toBe('no testcase was selected');
    expect(failure(' , ').message).toBe('no testcase was selected');
  });
});
