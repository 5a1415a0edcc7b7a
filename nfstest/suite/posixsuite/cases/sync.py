"""fdatasync, fsync and sync: after them the data is on the server."""
import errno
import os

from .. import files


def flushed(t, function, name):
    data = files.pattern(t.options.filesize_bytes)
    path = t.path()
    descriptor = t.open(path, os.O_CREAT | os.O_RDWR)
    t.works("%s() of an empty file should succeed" % name, function, descriptor)
    files.write_all(descriptor, data)
    t.works("%s() should succeed after writing" % name, function, descriptor)
    problem = files.difference(files.read_from_server(path), data)
    t.ok(problem is None, "data should be on the server before close()", problem)
    t.equal(os.stat(path).st_size, len(data), "st_size should be right before close()")
    os.pwrite(descriptor, b"CHANGED", 4090)
    t.works("%s() should succeed after a change" % name, function, descriptor)
    expected = data[:4090] + b"CHANGED" + data[4097:]
    problem = files.difference(files.read_from_server(path), expected)
    t.ok(problem is None, "changed data should be on the server before close()", problem)
    os.ftruncate(descriptor, 1000)
    t.works("%s() should succeed after ftruncate()" % name, function, descriptor)
    t.equal(len(files.read_from_server(path)), 1000, "the shorter size should be on the server")
    t.works("%s() with nothing to do should succeed" % name, function, descriptor)
    os.close(descriptor)
    t.fails(errno.EBADF, "%s() after close()" % name, function, descriptor)
    reader = t.open(path, os.O_RDONLY)
    t.works("%s() of a descriptor that can't write should succeed" % name, function, reader)


def fdatasync(t):
    """Flushing the data of a file."""
    flushed(t, os.fdatasync, "fdatasync")


def fsync(t):
    """Flushing a file with its metadata, and a directory."""
    flushed(t, os.fsync, "fsync")
    folder = t.folder()
    os.mknod(folder + "/entry", 0o644)
    descriptor = t.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    t.works("fsync() of a directory should succeed", os.fsync, descriptor)
    t.equal(os.listdir(folder), ["entry"], "new entry should be there after fsync() of its directory")
    # A file whose last name went while it was open still has to be flushed.
    path = t.path()
    descriptor = t.open(path, os.O_CREAT | os.O_RDWR)
    os.write(descriptor, b"no name")
    os.unlink(path)
    t.works("fsync() of an unlinked open file should succeed", os.fsync, descriptor)
    t.equal(os.pread(descriptor, 20, 0), b"no name", "unlinked open file should keep its data after fsync()")


def sync(t):
    """Flushing everything that was written."""
    contents = {}
    for number in range(max(3, t.options.nfiles)):
        path = t.path()
        contents[path] = files.pattern(5000 + number, 8 * number)
        descriptor = t.open(path, os.O_CREAT | os.O_WRONLY)
        files.write_all(descriptor, contents[path])
    t.works("sync() should succeed", os.sync)
    for number, (path, data) in enumerate(contents.items(), 1):
        problem = files.difference(files.read_from_server(path), data)
        t.ok(problem is None, "data of open file %d should be on the server" % number, problem)
        t.equal(os.stat(path).st_size, len(data), "st_size of open file %d should be right" % number)
    t.works("sync() with nothing to do should succeed", os.sync)
