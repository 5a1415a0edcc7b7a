"""opendir, closedir, rewinddir, seekdir, telldir: directory streams through the C library."""
import errno
import os

from .. import files
from ..libc import DirStream

# Together about 20 KiB: several replies of a server that answers in pages of 4 or 8 KiB.
MANY = 200


def filled(t, count):
    """A folder with so many files; returns its path and their names."""
    folder = t.folder()
    names = ["entry-%04d-%s" % (number, "x" * (number % 80)) for number in range(count)]
    files.fill(folder, names)
    return folder, set(names)


def opendir(t):
    """Opening a directory stream; what is no directory or may not be read is refused."""
    folder, names = filled(t, 3)
    stream = t.works("opendir() should succeed", DirStream, folder)
    t.equal(sorted(stream.files()), sorted(names), "stream should have the entries of the directory")
    stream.close()
    with DirStream(folder) as one, DirStream(folder) as two:
        t.equal(len(one.files()), 3, "first of two streams should have every entry")
        t.equal(len(two.files()), 3, "second of two streams should have every entry")
    with DirStream(t.symlink(folder)) as stream:
        t.equal(sorted(stream.files()), sorted(names), "symbolic link to a directory should be followed")
    with DirStream(t.folder(0o400)) as stream:
        t.equal(stream.files(), [], "directory with read permission only can be listed")
    t.fails(errno.ENOENT, "missing directory", DirStream, t.path())
    t.fails(errno.ENOENT, "empty path", DirStream, "")
    t.fails(errno.ENOTDIR, "regular file", DirStream, t.file())
    t.fails(errno.ENOTDIR, "file in the middle of the path", DirStream, t.file() + "/x")
    t.fails(errno.ELOOP, "symbolic link to itself", DirStream, t.loop())
    t.fails(errno.ENAMETOOLONG, "name longer than f_namemax", DirStream, t.long_name())
    t.fails(errno.EACCES, "directory without read permission", DirStream, t.folder(0o300))
    parent = t.folder()
    os.mkdir(parent + "/below")
    os.chmod(parent, 0o600)
    t.fails(errno.EACCES, "directory below one without search permission", DirStream, parent + "/below")


def closedir(t):
    """Closing a directory stream, also in the middle of it."""
    folder, _ = filled(t, 20)
    stream = DirStream(folder)
    t.equal(len(stream.files()), 20, "stream should have every entry")
    descriptor = stream.fileno()
    t.equal(t.works("closedir() should succeed", stream.close), 0, "closedir() should return 0")
    t.fails(errno.EBADF, "descriptor of the stream is closed", os.fstat, descriptor)
    stream = DirStream(folder)
    stream.read()
    t.equal(stream.close(), 0, "closedir() in the middle should return 0")
    before = len(os.listdir("/proc/self/fd"))
    with t.group("closedir() gives its descriptor back") as group:
        for _ in range(50):
            stream = DirStream(folder)
            group.equal(len(stream.files()), 20, "every entry")
            stream.close()
    t.equal(len(os.listdir("/proc/self/fd")), before, "no descriptor should be left open")
    t.works("directory should be removable afterwards", lambda: [os.unlink(e.path) for e in os.scandir(folder)] and os.rmdir(folder))


def rewinddir(t):
    """Reading a directory again from its beginning, with what changed since."""
    folder, names = filled(t, MANY)
    expected = sorted(names)
    with DirStream(folder) as stream:
        t.equal(sorted(stream.files()), expected, "first pass should have every entry once")
        t.ok(stream.read() is None, "end of the stream should stay the end")
        stream.rewind()
        t.equal(sorted(stream.files()), expected, "second pass should have every entry once")
        stream.rewind()
        first = stream.names(7)
        stream.rewind()
        t.equal(stream.names(7), first, "rewinding in the middle should start again")
        os.mknod(folder + "/new", 0o644)
        gone = min(names)
        os.unlink(os.path.join(folder, gone))
        stream.rewind()
        found = stream.files()
        t.ok("new" in found, "file made before rewinddir() should be found")
        t.ok(gone not in found, "file removed before rewinddir() should not be found")
        t.equal(sorted(found), sorted((names | {"new"}) - {gone}), "third pass should have every entry once")


def positions(stream):
    """[(position before the entry, its name)] of a whole stream."""
    found = []
    while True:
        position = stream.tell()
        entry = stream.read()
        if entry is None:
            return found
        found.append((position, entry.name))


def seekdir(t):
    """Going back to remembered positions in a directory."""
    folder, names = filled(t, MANY)
    with DirStream(folder) as stream:
        table = positions(stream)
        t.equal(sorted({name for _, name in table} - {".", ".."}), sorted(names), "stream should have every entry")
        t.equal(len({name for _, name in table}), len(table), "stream should have no entry twice")
        with t.group("seekdir() to a remembered position gives the same entry") as group:
            for position, name in table[::7] + table[::-11]:
                stream.seek(position)
                entry = stream.read()
                group.equal(entry and entry.name, name, "position %d" % position)
        for share in (0, 0.25, 0.5, 0.9):
            start = int(share * len(table))
            stream.seek(table[start][0])
            t.equal(stream.names(), [name for _, name in table[start:]], "seekdir() to entry %d: the rest should follow in order" % start)
        stream.seek(table[0][0])
        t.equal(stream.names(5), [name for _, name in table[:5]], "seekdir() to the first position should start again")
        stream.rewind()
        stream.seek(table[3][0])
        t.equal(stream.names(1), [table[3][1]], "seekdir() after rewinddir() should work")


def telldir(t):
    """Telling the position in a directory."""
    folder, names = filled(t, MANY)
    with DirStream(folder) as stream:
        t.equal(stream.tell(), stream.tell(), "telldir() twice should tell the same")
        start = stream.tell()
        table = positions(stream)
        t.equal(sorted({name for _, name in table} - {".", ".."}), sorted(names), "telldir() between reads should not lose entries")
        t.equal(table[0][0], start, "position of the first entry should be that of the new stream")
        t.equal(len({position for position, _ in table}), len(table), "every entry should have a position of its own")
        end = stream.tell()
        t.ok(end not in {position for position, _ in table}, "position of the end should be none of an entry")
        stream.seek(end)
        t.ok(stream.read() is None, "nothing should follow the position of the end")
        with t.group("telldir() after seekdir() tells the position that was sought") as group:
            for position, _ in table[::13]:
                stream.seek(position)
                group.equal(stream.tell(), position, "position %d" % position)
        stream.rewind()
        t.equal(stream.tell(), start, "telldir() after rewinddir() should tell the start")
