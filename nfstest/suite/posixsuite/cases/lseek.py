import errno
import os

from .. import files

GB = 1 << 30


def lseek(t):
    """Seeking from every origin, also beyond the end, where writing leaves a hole."""
    data = files.pattern(10000)
    path = t.file(10000)
    descriptor = t.open(path, os.O_RDWR)
    seek = os.lseek
    t.equal(seek(descriptor, 0, os.SEEK_CUR), 0, "offset should be 0 after open()")
    for offset, origin, name, expected in (
        (4, os.SEEK_SET, "SEEK_SET", 4), (8, os.SEEK_CUR, "SEEK_CUR", 12), (-10, os.SEEK_CUR, "SEEK_CUR", 2),
        (0, os.SEEK_END, "SEEK_END", 10000), (-100, os.SEEK_END, "SEEK_END", 9900), (1000, os.SEEK_END, "SEEK_END", 11000),
        (2 * GB, os.SEEK_SET, "SEEK_SET", 2 * GB), (4 * GB - 1, os.SEEK_CUR, "SEEK_CUR", 6 * GB - 1),
        (2 * GB + 22, os.SEEK_END, "SEEK_END", 2 * GB + 10022), (0, os.SEEK_SET, "SEEK_SET", 0),
    ):
        t.equal(t.works("lseek(%d, %s) should succeed" % (offset, name), seek, descriptor, offset, origin), expected,
                "lseek(%d, %s) should return the new offset" % (offset, name))
    for offset in (0, 1, 4095, 4096, 5000, 9999):
        seek(descriptor, offset, os.SEEK_SET)
        t.equal(os.read(descriptor, 16), data[offset:offset + 16], "read at offset %d should be right" % offset)
        t.equal(seek(descriptor, 0, os.SEEK_CUR), min(offset + 16, 10000), "offset after the read at %d should have moved on" % offset)
    seek(descriptor, 5000, os.SEEK_END)
    t.equal(os.read(descriptor, 10), b"", "read beyond the end should return nothing")
    t.equal(os.fstat(descriptor).st_size, 10000, "lseek() alone should not lengthen the file")

    t.info("Errors")
    t.fails(errno.EINVAL, "negative offset", seek, descriptor, -1, os.SEEK_SET)
    t.fails(errno.EINVAL, "before the start from SEEK_END", seek, descriptor, -10001, os.SEEK_END)
    t.fails(errno.EINVAL, "origin that does not exist", seek, descriptor, 0, 99)
    t.equal(seek(descriptor, 0, os.SEEK_CUR), 15000, "lseek() that failed should leave the offset")
    reading, writing = os.pipe()
    t.fails(errno.ESPIPE, "pipe", seek, reading, 0, os.SEEK_SET)
    os.close(reading)
    os.close(writing)

    t.info("Holes")
    seek(descriptor, 50000, os.SEEK_SET)
    os.write(descriptor, b"end")
    os.close(descriptor)
    t.fails(errno.EBADF, "closed descriptor", seek, descriptor, 0, os.SEEK_SET)
    t.equal(os.stat(path).st_size, 50003, "write beyond the end should lengthen the file")
    problem = files.difference(files.read_from_server(path), data + bytes(40000) + b"end")
    t.ok(problem is None, "the hole should read as zeros", problem)
    # Other descriptors have offsets of their own.
    one, two = t.open(path, os.O_RDONLY), t.open(path, os.O_RDONLY)
    seek(one, 100, os.SEEK_SET)
    t.equal(seek(two, 0, os.SEEK_CUR), 0, "another descriptor should keep its offset")
