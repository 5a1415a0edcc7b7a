import errno
import fcntl as unix
import os
import struct

from .. import files
from ..mount import entry


def fcntl(t):
    """Duplicated descriptors, close-on-exec, status flags and record locks."""
    t.info("Duplicated descriptors")
    path = t.file(4096)
    data = files.pattern(4096)
    descriptor = t.open(path, os.O_RDWR)
    copy = t.works("F_DUPFD should succeed", unix.fcntl, descriptor, unix.F_DUPFD, 50)
    t.later(files.close_quietly, copy)
    t.ok(copy >= 50, "F_DUPFD should give a descriptor not lower than the argument", "got %d" % copy)
    os.lseek(copy, 100, os.SEEK_SET)
    t.equal(os.lseek(descriptor, 0, os.SEEK_CUR), 100, "a duplicate should share the offset")
    t.equal(os.read(descriptor, 20), data[100:120], "read should start at the offset the duplicate set")
    t.equal(os.fstat(copy).st_ino, os.fstat(descriptor).st_ino, "a duplicate should be the same file")
    t.fails(errno.EBADF, "F_DUPFD of a closed descriptor", unix.fcntl, 999, unix.F_DUPFD, 0)
    t.fails(errno.EINVAL, "F_DUPFD with a negative minimum", unix.fcntl, descriptor, unix.F_DUPFD, -1)
    descriptor_flags(t, descriptor, copy)
    status_flags(t, path, descriptor, copy)
    os.close(descriptor)
    t.fails(errno.EBADF, "read of the closed original", os.read, descriptor, 1)
    t.works("read of the duplicate after the original was closed", os.pread, copy, 1, 0)
    t.part(locks)


def descriptor_flags(t, descriptor, copy):
    t.info("Descriptor flags")
    exact = t.works("F_DUPFD_CLOEXEC should succeed", unix.fcntl, descriptor, unix.F_DUPFD_CLOEXEC, 60)
    t.equal(unix.fcntl(exact, unix.F_GETFD), unix.FD_CLOEXEC, "F_DUPFD_CLOEXEC should set FD_CLOEXEC")
    os.close(exact)
    t.equal(unix.fcntl(copy, unix.F_GETFD), 0, "F_DUPFD should clear FD_CLOEXEC")
    t.works("F_SETFD should succeed", unix.fcntl, copy, unix.F_SETFD, unix.FD_CLOEXEC)
    t.equal(unix.fcntl(copy, unix.F_GETFD), unix.FD_CLOEXEC, "F_SETFD should set the flag")
    unix.fcntl(descriptor, unix.F_SETFD, 0)
    t.equal(unix.fcntl(descriptor, unix.F_GETFD), 0, "F_SETFD should clear the flag")
    t.equal(unix.fcntl(copy, unix.F_GETFD), unix.FD_CLOEXEC, "F_SETFD should leave the flag of the duplicate")
    pid = os.fork()
    if pid == 0:
        os.execv("/bin/sh", ["sh", "-c", "test ! -e /proc/self/fd/%d" % copy])
    t.equal(os.waitpid(pid, 0)[1], 0, "exec() should close a descriptor with FD_CLOEXEC")


def status_flags(t, path, descriptor, copy):
    t.info("File status flags")
    flags = t.works("F_GETFL should succeed", unix.fcntl, descriptor, unix.F_GETFL)
    t.equal(flags & os.O_ACCMODE, os.O_RDWR, "F_GETFL should tell O_RDWR")
    t.equal(flags & os.O_APPEND, 0, "F_GETFL should not tell O_APPEND")
    for mode, name in ((os.O_RDONLY, "O_RDONLY"), (os.O_WRONLY, "O_WRONLY")):
        other = t.open(path, mode)
        t.equal(unix.fcntl(other, unix.F_GETFL) & os.O_ACCMODE, mode, "F_GETFL should tell %s" % name)
    t.works("F_SETFL with O_APPEND should succeed", unix.fcntl, descriptor, unix.F_SETFL, flags | os.O_APPEND)
    t.equal(unix.fcntl(descriptor, unix.F_GETFL) & os.O_APPEND, os.O_APPEND, "F_SETFL should set O_APPEND")
    t.equal(unix.fcntl(copy, unix.F_GETFL) & os.O_APPEND, os.O_APPEND, "F_SETFL should set it for the duplicate too")
    t.equal(unix.fcntl(other, unix.F_GETFL) & os.O_APPEND, 0, "F_SETFL should leave other descriptors of the file")
    size = os.fstat(descriptor).st_size
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, b"appended")
    os.fsync(descriptor)
    t.equal(os.fstat(descriptor).st_size, size + 8, "write with O_APPEND should lengthen the file")
    t.equal(files.read_from_server(path)[size:], b"appended", "write with O_APPEND should go to the end")
    t.works("F_SETFL should clear O_APPEND", unix.fcntl, descriptor, unix.F_SETFL, flags & ~os.O_APPEND)
    os.pwrite(descriptor, b"changed", 0)
    os.fsync(descriptor)
    t.equal(files.read_from_server(path)[:8], b"changed" + files.pattern(8)[7:], "write without O_APPEND should go to the offset")


def lock_type(descriptor, kind, start=0, length=0):
    """(type, pid) that F_GETLK tells about a lock that would be set."""
    # struct flock of 64-bit Linux: two shorts, padding, two offsets, a pid.
    packed = struct.pack("hhqqixxxx", kind, os.SEEK_SET, start, length, 0)
    found = struct.unpack("hhqqixxxx", unix.fcntl(descriptor, unix.F_GETLK, packed))
    return found[0], found[4]


def elsewhere(path, kind, start=0, length=0):
    """errno (0: success) of setting a lock in another process, which ends at once."""
    pid = os.fork()
    if pid == 0:
        code = 255
        try:
            descriptor = os.open(path, os.O_RDWR)
            unix.lockf(descriptor, kind | unix.LOCK_NB, length, start)
            code = 0
        except OSError as error:
            code = error.errno
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def locks(t):
    t.info("Record locks")
    found = entry(t.session.mount.point)
    if found and found[0] == "nfs" and not {"nolock", "local_lock=all", "local_lock=posix"} & found[1]:
        # Its lock protocol may wait for ever for a server that has none.
        t.info("INFO: NFSv3 without nolock: record locks are left out")
        return
    busy = (errno.EAGAIN, errno.EACCES)
    path = t.file(1024)
    descriptor = t.open(path, os.O_RDWR)
    t.works("F_SETLK with F_WRLCK should succeed", unix.lockf, descriptor, unix.LOCK_EX | unix.LOCK_NB, 100, 0)
    t.ok(elsewhere(path, unix.LOCK_EX, 50, 10) in busy, "write lock should keep out another write lock (EAGAIN or EACCES)")
    t.ok(elsewhere(path, unix.LOCK_SH, 99, 1) in busy, "write lock should keep out a read lock (EAGAIN or EACCES)")
    t.equal(elsewhere(path, unix.LOCK_EX, 100, 10), 0, "lock of another range should succeed")
    t.equal(lock_type(descriptor, unix.F_WRLCK)[0], unix.F_UNLCK, "F_GETLK should not tell the process's own lock")
    t.equal(holder_seen_by_child(path), os.getpid(), "F_GETLK in another process should tell the owner")
    t.works("F_SETLK with F_UNLCK should succeed", unix.lockf, descriptor, unix.LOCK_UN, 100, 0)
    t.equal(elsewhere(path, unix.LOCK_EX, 0, 100), 0, "lock should succeed after unlocking")
    t.works("F_SETLKW with F_RDLCK should succeed", unix.lockf, descriptor, unix.LOCK_SH, 0, 0)
    t.equal(elsewhere(path, unix.LOCK_SH), 0, "read locks should not keep each other out")
    t.ok(elsewhere(path, unix.LOCK_EX) in busy, "read lock should keep out a write lock (EAGAIN or EACCES)")
    os.close(os.open(path, os.O_RDONLY))
    t.equal(elsewhere(path, unix.LOCK_EX), 0, "closing any descriptor of the file should release the locks")
    reader = t.open(path, os.O_RDONLY)
    t.fails(errno.EBADF, "write lock of a descriptor that can't write", unix.lockf, reader, unix.LOCK_EX | unix.LOCK_NB)


def holder_seen_by_child(path):
    """pid of the owner of a conflicting lock as another process sees it."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            kind, owner = lock_type(os.open(path, os.O_RDWR), unix.F_WRLCK)
            os.write(writing, str(owner if kind != unix.F_UNLCK else 0).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    text = os.read(reading, 20)
    os.close(reading)
    return int(text or b"-1")
