import errno
import os
import resource

from .. import files


def write(t):
    """Writing: counts, offsets, appending, holes, times; what was written is read back from the server."""
    path = t.path()
    descriptor = t.open(path, os.O_CREAT | os.O_RDWR)
    t.equal(t.works("write() of 0 bytes should succeed", os.write, descriptor, b""), 0, "write() of 0 bytes should return 0")
    t.equal(os.fstat(descriptor).st_size, 0, "write() of 0 bytes should leave st_size")
    t.equal(t.works("write() should succeed", os.write, descriptor, files.pattern(1000)), 1000, "write() should return the count")
    t.equal(os.lseek(descriptor, 0, os.SEEK_CUR), 1000, "write() should move the offset")
    t.equal(os.fstat(descriptor).st_size, 1000, "write() should lengthen the file")
    t.equal(os.pwrite(descriptor, b"PWRITE", 500), 6, "pwrite() should return the count")
    t.equal(os.lseek(descriptor, 0, os.SEEK_CUR), 1000, "pwrite() should leave the offset")
    t.equal(os.writev(descriptor, [b"one", b"", b"two"]), 6, "writev() should return the count of all buffers")
    expected = files.pattern(500) + b"PWRITE" + files.pattern(494, 506) + b"onetwo"
    t.equal(os.pread(descriptor, 2000, 0), expected, "data should be read back before it is flushed")
    os.fsync(descriptor)
    problem = files.difference(files.read_from_server(path), expected)
    t.ok(problem is None, "data should be on the server", problem)

    t.info("Hole")
    os.lseek(descriptor, 100000, os.SEEK_SET)
    os.write(descriptor, b"behind the hole")
    os.fsync(descriptor)
    content = files.read_from_server(path)
    t.equal(len(content), 100015, "st_size should count the hole")
    t.equal(content[:1006], expected, "data before the hole should stay")
    t.equal(content[1006:100000].count(0), 98994, "the hole should read as zeros")
    t.equal(content[100000:], b"behind the hole", "data behind the hole should be right")
    t.part(sizes)
    t.part(appending)
    t.part(times_and_errors, path, descriptor)


def sizes(t):
    t.info("Sizes")
    wsize = t.options.wsize_bytes
    for size in sorted({1, 4095, 4096, 4097, wsize - 1, wsize, wsize + 1, 3 * wsize + 7, t.options.filesize_bytes, 1 << 20} - {0}):
        path = t.path()
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o644)
        files.write_all(descriptor, files.pattern(size))
        os.close(descriptor)
        problem = files.difference(files.read_from_server(path), files.pattern(size))
        t.ok(problem is None, "%d bytes in one write should be on the server" % size, problem)
    path, size = t.path(), t.options.filesize_bytes
    descriptor = t.open(path, os.O_CREAT | os.O_WRONLY | os.O_SYNC)
    for offset in range(0, min(size, 16 * wsize), wsize):
        os.pwrite(descriptor, files.pattern(wsize, offset), offset)
    written = min(-(-size // wsize), 16) * wsize
    problem = files.difference(files.read_from_server(path), files.pattern(written))
    t.ok(problem is None, "pieces written with O_SYNC should be on the server before close()", problem)
    path = t.path()
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o644)
    for offset in range(30000, -1, -3000):
        os.pwrite(descriptor, files.pattern(3000, offset), offset)
    os.close(descriptor)
    problem = files.difference(files.read_from_server(path), files.pattern(33000))
    t.ok(problem is None, "pieces written from the end to the start should be on the server", problem)


def appending(t):
    t.info("Appending")
    path = t.file(b"start ")
    one, two = (t.open(path, os.O_WRONLY | os.O_APPEND) for _ in range(2))
    os.lseek(one, 0, os.SEEK_SET)
    os.write(one, b"one ")
    os.write(two, b"two ")
    os.write(one, b"three")
    os.fsync(one)
    os.fsync(two)
    t.equal(files.read_from_server(path), b"start one two three", "writes of two descriptors with O_APPEND should follow each other")
    t.equal(os.lseek(one, 0, os.SEEK_CUR), 19, "write() with O_APPEND should set the offset to the end")
    with t.group("50 writes with O_APPEND after seeking to the start") as group:
        for number in range(50):
            os.lseek(one, 0, os.SEEK_SET)
            os.write(one, b"%03d\n" % number)
            group.equal(os.fstat(one).st_size, 23 + 4 * number, "st_size after write %d" % number)
    os.fsync(one)
    t.equal(files.read_from_server(path)[19:], b"".join(b"%03d\n" % n for n in range(50)), "all of them should be on the server in order")


def beyond_limit(path):
    """errno of a write beyond the process's limit for the size of files."""
    pid = os.fork()
    if pid == 0:
        code = 255
        try:
            descriptor = os.open(path, os.O_WRONLY)
            # Python ignores SIGXFSZ.
            resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
            os.pwrite(descriptor, b"x", 5000)
            code = 0
        except OSError as error:
            code = error.errno
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def times_and_errors(t, path, descriptor):
    t.info("Times")
    with t.touches(path, "file"):
        os.pwrite(descriptor, b"new", 0)
        os.fsync(descriptor)
    before = t.aged(path)
    os.pwrite(descriptor, b"", 0)
    os.fsync(descriptor)
    t.equal(os.stat(path).st_mtime_ns, before.st_mtime_ns, "write() of 0 bytes should leave st_mtime")

    t.info("Errors")
    t.fails(errno.EBADF, "descriptor opened for reading only", os.write, t.open(path, os.O_RDONLY), b"x")
    t.fails(errno.EINVAL, "pwrite() at a negative offset", os.pwrite, descriptor, b"x", -1)
    t.equal(beyond_limit(path), errno.EFBIG, "write() beyond RLIMIT_FSIZE should fail (EFBIG)")
    os.close(descriptor)
    t.fails(errno.EBADF, "closed descriptor", os.write, descriptor, b"x")
    t.fails(errno.EACCES, "open() of a file without write permission", os.open, t.file(mode=0o444), os.O_WRONLY)
