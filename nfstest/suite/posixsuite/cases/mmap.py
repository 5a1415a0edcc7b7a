"""mmap and munmap, through the C library: it takes arguments that Python's module refuses."""
import errno
import mmap as pages
import os
import signal

from .. import files, libc

SIZE = 8 * pages.PAGESIZE
READ, WRITE = pages.PROT_READ, pages.PROT_WRITE
SHARED, PRIVATE = pages.MAP_SHARED, pages.MAP_PRIVATE


def mapped(t, message, *arguments):
    """A mapping that is unmapped at the end of the testcase."""
    address = t.works(message, libc.mmap, *arguments)
    t.later(libc.munmap, address, arguments[0])
    return address


def died_of(action):
    """Number of the signal that ends a process which does this; 0 for none."""
    pid = os.fork()
    if pid == 0:
        action()
        os._exit(0)
    return os.WTERMSIG(os.waitpid(pid, 0)[1])


def mmap(t):
    """Reading and writing a file through shared and private mapped memory."""
    data = files.pattern(SIZE)
    path = t.file(SIZE)
    files.drop_cache(path)
    reader = t.open(path, os.O_RDONLY)
    address = mapped(t, "mmap() for reading should succeed", SIZE, READ, SHARED, reader)
    problem = files.difference(libc.peek(address, SIZE), data)
    t.ok(problem is None, "mapped data should be right", problem)
    offset = 2 * pages.PAGESIZE
    part = mapped(t, "mmap() at an offset should succeed", pages.PAGESIZE, READ, SHARED, reader, offset)
    t.equal(libc.peek(part, 64), data[offset:offset + 64], "data mapped at an offset should be right")
    os.close(reader)
    t.equal(libc.peek(address + 100, 64), data[100:164], "mapping should outlive its descriptor")

    t.info("Shared mapping for writing")
    descriptor = t.open(path, os.O_RDWR)
    address = mapped(t, "mmap() for writing should succeed", SIZE, READ | WRITE, SHARED, descriptor)
    before = t.aged(path)
    t.tick()
    libc.poke(address + 5000, b"through memory")
    t.equal(os.pread(descriptor, 14, 5000), b"through memory", "data stored in memory should be read with read()")
    t.works("msync() should succeed", libc.msync, address, SIZE, 4)
    expected = data[:5000] + b"through memory" + data[5014:]
    problem = files.difference(files.read_from_server(path), expected)
    t.ok(problem is None, "data stored in memory should be on the server after msync()", problem)
    after = os.stat(path)
    t.ok(files.renewed(before.st_mtime_ns, after.st_mtime_ns), "storing in memory should update st_mtime")
    t.ok(files.renewed(before.st_ctime_ns, after.st_ctime_ns), "storing in memory should update st_ctime")
    os.pwrite(descriptor, b"with write()", 9000)
    t.equal(libc.peek(address + 9000, 12), b"with write()", "data written with write() should be in memory")
    t.equal(died_of(lambda: libc.poke(address + 12000, b"by a child")), 0, "a child should store in the shared mapping")
    t.equal(libc.peek(address + 12000, 10), b"by a child", "what a child stored should be seen by its parent")

    t.info("Private mapping")
    private = mapped(t, "private mmap() of a descriptor that can't write should succeed", SIZE, READ | WRITE, PRIVATE, t.open(path, os.O_RDONLY))
    libc.poke(private, b"private")
    t.equal(libc.peek(private, 7), b"private", "private mapping should keep what is stored in it")
    t.equal(os.pread(descriptor, 7, 0), data[:7], "what is stored in a private mapping should not reach the file")
    t.equal(files.read_from_server(path)[:7], data[:7], "nor the server")

    t.info("End of the file")
    short = t.file(100)
    address = mapped(t, "mmap() of a short file should succeed", 2 * pages.PAGESIZE, READ, SHARED, t.open(short, os.O_RDONLY))
    t.equal(libc.peek(address + 100, pages.PAGESIZE - 100), bytes(pages.PAGESIZE - 100), "the rest of the last page should be zeros")
    t.equal(died_of(lambda: libc.touch(address + pages.PAGESIZE)), signal.SIGBUS, "a page beyond the end should give SIGBUS")
    os.unlink(short)
    t.equal(libc.peek(address, 100), files.pattern(100), "mapping should outlive the file's name")

    t.info("Errors")
    t.fails(errno.EINVAL, "length 0", libc.mmap, 0, READ, SHARED, descriptor)
    t.fails(errno.EINVAL, "offset that is no multiple of the page size", libc.mmap, SIZE, READ, SHARED, descriptor, 100)
    t.fails(errno.EBADF, "descriptor that is not open", libc.mmap, SIZE, READ, SHARED, 999)
    t.fails(errno.EACCES, "shared for writing of a descriptor that can't write", libc.mmap, SIZE, READ | WRITE, SHARED, t.open(path, os.O_RDONLY))
    t.fails(errno.EACCES, "descriptor that can't read", libc.mmap, SIZE, READ, SHARED, t.open(path, os.O_WRONLY))
    t.fails(errno.ENODEV, "directory", libc.mmap, SIZE, READ, SHARED, t.open(t.folder(), os.O_RDONLY))


def munmap(t):
    """Unmapping: what was stored is on the server, and the memory is gone."""
    data = files.pattern(SIZE)
    path = t.file(SIZE)
    descriptor = t.open(path, os.O_RDWR)
    address = t.works("mmap() should succeed", libc.mmap, SIZE, READ | WRITE, SHARED, descriptor)
    libc.poke(address + 4000, b"across the end of a page" * 10)
    expected = data[:4000] + b"across the end of a page" * 10 + data[4240:]
    t.works("munmap() should succeed", libc.munmap, address, SIZE)
    t.equal(died_of(lambda: libc.touch(address)), signal.SIGSEGV, "reading unmapped memory should give SIGSEGV")
    problem = files.difference(files.read_file(path), expected)
    t.ok(problem is None, "stored data should be in the file after munmap()", problem)
    os.close(descriptor)
    problem = files.difference(files.read_from_server(path), expected)
    t.ok(problem is None, "stored data should be on the server after munmap() and close()", problem)

    descriptor = t.open(path, os.O_RDONLY)
    address = libc.mmap(SIZE, READ, SHARED, descriptor)
    os.close(descriptor)
    t.works("munmap() of one page should succeed", libc.munmap, address + pages.PAGESIZE, pages.PAGESIZE)
    t.equal(libc.peek(address, 32), expected[:32], "page before the unmapped one should stay")
    offset = 2 * pages.PAGESIZE
    t.equal(libc.peek(address + offset, 32), expected[offset:offset + 32], "page behind the unmapped one should stay")
    t.equal(died_of(lambda: libc.touch(address + pages.PAGESIZE)), signal.SIGSEGV, "the unmapped page should give SIGSEGV")
    t.works("munmap() of the rest should succeed", libc.munmap, address, SIZE)
    t.works("munmap() of memory that is not mapped should succeed", libc.munmap, address, SIZE)
    t.fails(errno.EINVAL, "address that is no multiple of the page size", libc.munmap, address + 1, SIZE)
    t.fails(errno.EINVAL, "length 0", libc.munmap, address, 0)
    t.works("file should be removable afterwards", os.unlink, path)
