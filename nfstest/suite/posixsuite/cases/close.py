import errno
import os

from .. import files


def close(t):
    """A closed descriptor can't be used any more, and what was written through it is on the server."""
    data = files.pattern(t.options.filesize_bytes)
    path = t.path()
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o644)
    files.write_all(descriptor, data)
    t.works("close() of a written file should succeed", os.close, descriptor)
    t.fails(errno.EBADF, "write after close", os.write, descriptor, b"x")
    t.fails(errno.EBADF, "second close", os.close, descriptor)
    t.fails(errno.EBADF, "lseek after close", os.lseek, descriptor, 0, os.SEEK_SET)
    t.fails(errno.EBADF, "fstat after close", os.fstat, descriptor)
    t.equal(os.stat(path).st_size, len(data), "st_size should be right after close()")
    problem = files.difference(files.read_from_server(path), data)
    t.ok(problem is None, "data should be on the server after close()", problem)

    descriptor = os.open(path, os.O_RDONLY)
    os.read(descriptor, 10)
    t.works("close() of a read file should succeed", os.close, descriptor)
    t.fails(errno.EBADF, "read after close", os.read, descriptor, 1)

    one, two = t.open(path, os.O_RDONLY), t.open(path, os.O_RDONLY)
    os.close(one)
    t.equal(t.works("another descriptor of the file stays open", os.read, two, 8), data[:8], "another descriptor still reads")
    copy = os.dup(two)
    os.close(two)
    t.equal(t.works("a duplicate stays open", os.read, copy, 8), data[8:16], "a duplicate reads on at the shared offset")
    os.close(copy)
    t.fails(errno.EBADF, "close() of a negative descriptor", os.close, -1)
