import errno
import os

from .. import files


def read(t):
    """Reading data in pieces of every size; the end of the file; the access time."""
    size = t.options.filesize_bytes
    data = files.pattern(size)
    path = t.file(size)
    files.drop_cache(path)
    descriptor = t.open(path, os.O_RDONLY)
    t.equal(t.works("read() should succeed", os.read, descriptor, 100), data[:100], "read data should be right")
    t.equal(os.lseek(descriptor, 0, os.SEEK_CUR), 100, "read() should move the offset")
    t.equal(os.read(descriptor, 100), data[100:200], "next read() should go on there")
    t.equal(os.read(descriptor, 0), b"", "read() of 0 bytes should return 0")
    t.equal(os.lseek(descriptor, 0, os.SEEK_CUR), 200, "read() of 0 bytes should leave the offset")
    t.equal(os.pread(descriptor, 50, 3000), data[3000:3050], "pread() should read at its offset")
    t.equal(os.lseek(descriptor, 0, os.SEEK_CUR), 200, "pread() should leave the offset")
    buffers = [bytearray(10), bytearray(7), bytearray(100)]
    t.equal(os.readv(descriptor, buffers), 117, "readv() should fill all buffers")
    t.equal(b"".join(buffers), data[200:317], "data of readv() should be right")

    t.info("End of the file")
    os.lseek(descriptor, -10, os.SEEK_END)
    t.equal(os.read(descriptor, 100), data[-10:], "read() across the end should return what is there")
    t.equal(os.read(descriptor, 100), b"", "read() at the end should return 0")
    t.equal(os.pread(descriptor, 100, size + 5000), b"", "read() beyond the end should return 0")
    t.equal(os.read(t.open(t.file(b""), os.O_RDONLY), 10), b"", "read() of an empty file should return 0")
    writer = t.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(writer, b"more")
    t.equal(os.read(descriptor, 100), b"more", "read() should find what another descriptor appended")
    os.ftruncate(writer, size)
    t.equal(os.pread(descriptor, 100, size - 5), data[-5:], "read() should stop where another descriptor cut the file")

    t.info("Pieces")
    for piece in sorted({1000, 4095, 4096, 4097, t.options.rsize_bytes, 65536}):
        files.drop_cache(path)
        os.lseek(descriptor, 0, os.SEEK_SET)
        problem = files.difference(files.read_all(descriptor, piece), data)
        t.ok(problem is None, "whole file in pieces of %d bytes should be right" % piece, problem)
    with t.group("pread() at many offsets") as group:
        files.drop_cache(path)
        for offset in list(range(0, size, max(1, size // 40)))[::-1]:
            group.equal(os.pread(descriptor, 33, offset), data[offset:offset + 33], "offset %d" % offset)
    problem = files.difference(files.read_from_server(path), data)
    t.ok(problem is None, "whole file past the client's cache should be right", problem)

    t.info("Access time")
    # Equal atime and mtime: a server whose filesystem is mounted relatime updates atime then too.
    before = t.aged(path)
    files.drop_cache(path)
    t.tick()
    os.pread(descriptor, 4096, 0)
    after = os.stat(path)
    t.ok(files.renewed(before.st_atime_ns, after.st_atime_ns), "st_atime should be updated",
         "it is still %d; is the server's filesystem mounted noatime?" % after.st_atime_ns)
    t.equal(after.st_mtime_ns, before.st_mtime_ns, "st_mtime should stay")

    t.info("Errors")
    t.fails(errno.EBADF, "descriptor opened for writing only", os.read, writer, 1)
    t.fails(errno.EISDIR, "directory", os.read, t.open(t.dir, os.O_RDONLY), 10)
    t.fails(errno.EINVAL, "pread() at a negative offset", os.pread, descriptor, 1, -1)
    os.close(descriptor)
    t.fails(errno.EBADF, "closed descriptor", os.read, descriptor, 1)
    t.fails(errno.EACCES, "open() of a file without read permission", os.open, t.file(mode=0o200), os.O_RDONLY)
