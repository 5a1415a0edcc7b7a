"""Patterns, reading past the client's cache, and other things about files."""
import errno
import mmap
import os
import time

# 2001-09-09: old enough for any clock, and a value that every server can store.
LONG_AGO_NS = 10**9 * 10**9
# Client and server may each stamp a time (delegations): their clocks can differ by this much.
CLOCK_SLACK_NS = 5 * 10**9
BLOCK = 4096


def pattern(size, offset=0):
    """Bytes that tell their own offset: a block that is lost, doubled or moved is found."""
    first = offset // 8
    words = (b"%07x\n" % (word & 0xFFFFFFF) for word in range(first, (offset + size + 7) // 8 + 1))
    return b"".join(words)[offset - first * 8:][:size]


def difference(actual, expected):
    """None where equal, else words that say where the first difference is."""
    if actual == expected:
        return None
    for index, (one, other) in enumerate(zip(actual, expected)):
        if one != other:
            return "differs at offset %d: got %r, expected %r (%d and %d bytes)" % (
                index, actual[index:index + 16], expected[index:index + 16], len(actual), len(expected))
    return "got %d bytes, expected %d" % (len(actual), len(expected))


def renewed(before_ns, after_ns):
    """True where a time was updated."""
    return after_ns != before_ns and after_ns > before_ns - CLOCK_SLACK_NS


def write_all(descriptor, data):
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view):]


def read_all(descriptor, chunk=1 << 16):
    parts = []
    while True:
        part = os.read(descriptor, chunk)
        if not part:
            return b"".join(parts)
        parts.append(part)


def read_file(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return read_all(descriptor)
    finally:
        os.close(descriptor)


def drop_cache(path):
    """Has the client forget the pages of a file."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def read_from_server(path):
    """Content as the server has it: past the client's cache with O_DIRECT, where the filesystem has that."""
    drop_cache(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECT)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return read_file(path)
    parts, offset = [], 0
    # A mapping is page-aligned, which O_DIRECT asks for.
    with mmap.mmap(-1, 16 * BLOCK) as buffer:
        try:
            while True:
                count = os.preadv(descriptor, [buffer], offset)
                parts.append(buffer[:count])
                offset += count
                if count == 0 or count % BLOCK:
                    return b"".join(parts)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
        finally:
            os.close(descriptor)
    return read_file(path)


def close_quietly(descriptor):
    try:
        os.close(descriptor)
    except OSError:
        pass


def make_file(path, data, mode):
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    try:
        write_all(descriptor, data)
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def make_folder(path, mode):
    os.mkdir(path, 0o700)
    os.chmod(path, mode)


def fill(folder, names):
    """Makes empty files. Relative to a descriptor: without attribute caching every directory of a path costs a call."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in names:
            os.mknod(name, 0o644, dir_fd=descriptor)
    finally:
        os.close(descriptor)


def remove_entries(path):
    """Empties a folder as far as it can be done."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for entry in list(os.scandir(descriptor)):
            try:
                if entry.is_dir(follow_symlinks=False):
                    remove_tree(os.path.join(path, entry.name))
                else:
                    os.unlink(entry.name, dir_fd=descriptor)
            except OSError:
                pass
    finally:
        os.close(descriptor)


def remove_tree(path):
    """Removes a folder whatever the modes in it; only an error of removing the folder itself is raised."""
    try:
        os.chmod(path, 0o700)
        remove_entries(path)
    except OSError:
        pass
    for attempt in range(4):
        try:
            os.rmdir(path)
            return
        except OSError as error:
            # Unlinked but open files leave on their own, a moment after they were closed.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or attempt == 3:
                raise
            time.sleep(0.2)
