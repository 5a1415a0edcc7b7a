import errno
import os
from stat import S_IMODE, S_ISREG

from .. import files, libc


def creat(t):
    """creat() makes new files, truncates old ones, and opens for writing only."""
    path = t.path()
    parent = t.dir
    with t.touches(parent, "parent directory"):
        descriptor = t.works("creat() of a new file should succeed", libc.creat, path, 0o640)
    status = os.stat(path)
    t.ok(S_ISREG(status.st_mode), "file should be created")
    t.equal(oct(S_IMODE(status.st_mode)), oct(0o640), "mode of the new file should be right")
    t.equal(status.st_size, 0, "st_size of the new file should be 0")
    t.equal(status.st_nlink, 1, "st_nlink of the new file should be 1")
    t.equal(status.st_uid, os.geteuid(), "st_uid of the new file should be the user's")
    t.equal(t.works("writing should succeed", os.write, descriptor, b"some data"), 9, "writing should return the count")
    t.fails(errno.EBADF, "reading should fail", os.read, descriptor, 1)
    os.close(descriptor)
    t.equal(files.read_from_server(path), b"some data", "written data should be on the server")

    before = t.aged(path)
    t.tick()
    descriptor = t.works("creat() of an existing file should succeed", libc.creat, path, 0o777)
    os.close(descriptor)
    status = os.stat(path)
    t.equal(status.st_size, 0, "existing file should be truncated")
    t.equal(oct(S_IMODE(status.st_mode)), oct(0o640), "mode of the existing file should stay")
    t.equal(status.st_ino, before.st_ino, "existing file should stay the same file")
    t.ok(files.renewed(before.st_mtime_ns, status.st_mtime_ns), "truncating should update st_mtime")
    t.ok(files.renewed(before.st_ctime_ns, status.st_ctime_ns), "truncating should update st_ctime")

    for mask, mode in ((0o022, 0o644), (0o077, 0o600), (0o777, 0o000)):
        masked = t.path()
        os.umask(mask)
        os.close(libc.creat(masked, 0o666))
        os.umask(0)
        t.equal(oct(S_IMODE(os.stat(masked).st_mode)), oct(mode), "mode 0666 with umask 0%03o" % mask)
    target = t.path()
    os.close(t.works("creat() through a dangling symbolic link should succeed", libc.creat, t.symlink(target), 0o644))
    t.ok(os.path.isfile(target), "the link's target should be created")
    os.close(t.works("name of exactly f_namemax bytes", libc.creat, t.long_name(0), 0o644))

    t.fails(errno.EISDIR, "directory", libc.creat, t.folder(), 0o644)
    t.fails(errno.ENOENT, "missing parent", libc.creat, t.path() + "/x", 0o644)
    t.fails(errno.ENOENT, "empty path", libc.creat, "", 0o644)
    t.fails(errno.ENOTDIR, "parent is a file", libc.creat, path + "/x", 0o644)
    t.fails(errno.ELOOP, "symbolic link to itself", libc.creat, t.loop(), 0o644)
    t.fails(errno.ENAMETOOLONG, "name longer than f_namemax", libc.creat, t.long_name(), 0o644)
    t.fails(errno.EACCES, "parent without write permission", libc.creat, t.folder(0o500) + "/x", 0o644)
    t.fails(errno.EACCES, "parent without search permission", libc.creat, t.folder(0o600) + "/x", 0o644)
    t.fails(errno.EACCES, "existing file without write permission", libc.creat, t.file(mode=0o444), 0o644)
