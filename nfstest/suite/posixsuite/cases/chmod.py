import errno
import os
from stat import S_IMODE, S_ISDIR, S_ISREG

from .. import files


def mode_of(path):
    return oct(S_IMODE(os.stat(path).st_mode))


class Matrix:
    """chmod() and stat() below a directory's descriptor: without attribute caching every directory of a path costs calls."""

    def __init__(self, t):
        self.folder = t.open(t.dir, os.O_RDONLY | os.O_DIRECTORY)

    def check(self, group, path, mode):
        name = os.path.basename(path)
        group.works("chmod to 0%03o" % mode, os.chmod, name, mode, dir_fd=self.folder)
        group.equal(oct(S_IMODE(os.stat(name, dir_fd=self.folder).st_mode)), oct(mode), "mode 0%03o" % mode)


def chmod(t):
    """Every permission on a file and a directory, set-id and sticky bits, effects and errors."""
    path, folder = t.file(), t.folder()
    matrix = Matrix(t)
    with t.group("file: every mode from 0000 to 0777") as group:
        for mode in range(0o1000):
            matrix.check(group, path, mode)
    with t.group("directory: modes from 0000 to 0777") as group:
        for mode in sorted(set(range(0, 0o1000, 9)) | {1 << bit for bit in range(9)} | {0o777}):
            matrix.check(group, folder, mode)
    for special, name in ((0o1000, "sticky"), (0o2000, "set-group-id"), (0o4000, "set-user-id"), (0o7000, "all three")):
        with t.group("%s with every kind of permission" % name) as group:
            for mode in (0o000, 0o111, 0o644, 0o755, 0o777):
                matrix.check(group, path, special | mode)
                # A sticky directory that nobody may search is how NFSv4 servers mark junctions to other servers.
                if not special & 0o1000 or mode & 0o111:
                    matrix.check(group, folder, special | mode)
    t.ok(S_ISREG(os.stat(path).st_mode), "file should stay a file")
    t.ok(S_ISDIR(os.stat(folder).st_mode), "directory should stay a directory")
    os.chmod(path, 0o644)
    os.chmod(folder, 0o755)

    t.info("Times")
    for what, target in (("file", path), ("directory", folder)):
        before = t.aged(target)
        t.tick()
        t.works("chmod() of a %s should succeed" % what, os.chmod, target, 0o700)
        after = os.stat(target)
        t.ok(files.renewed(before.st_ctime_ns, after.st_ctime_ns), "%s st_ctime should be updated" % what)
        t.equal(after.st_mtime_ns, before.st_mtime_ns, "%s st_mtime should stay" % what)
        t.equal((after.st_size, after.st_nlink, after.st_uid, after.st_ino),
                (before.st_size, before.st_nlink, before.st_uid, before.st_ino), "%s should keep its other attributes" % what)
    t.part(effects)

    t.info("Errors")
    t.fails(errno.ENOENT, "missing file", os.chmod, t.path(), 0o644)
    t.fails(errno.ENOENT, "empty path", os.chmod, "", 0o644)
    t.fails(errno.ENOTDIR, "file in the place of a directory", os.chmod, path + "/x", 0o644)
    t.fails(errno.ELOOP, "symbolic link to itself", os.chmod, t.loop(), 0o644)
    t.fails(errno.ENOENT, "dangling symbolic link", os.chmod, t.symlink("missing"), 0o644)
    t.fails(errno.ENAMETOOLONG, "name longer than f_namemax", os.chmod, t.long_name(), 0o644)
    os.mknod(folder + "/inside", 0o644)
    os.chmod(folder, 0o600)
    t.fails(errno.EACCES, "file in a directory without search permission", os.chmod, folder + "/inside", 0o600)
    top = t.session.mount.point
    if os.stat(top).st_uid != os.geteuid():
        t.fails((errno.EPERM, errno.EACCES), "directory of another user", os.chmod, top, S_IMODE(os.stat(top).st_mode))


def effects(t):
    t.info("Effects")
    path = t.file(b"content", mode=0o000)
    t.fails(errno.EACCES, "reading a file after chmod() to 0000", os.open, path, os.O_RDONLY)
    os.chmod(path, 0o600)
    descriptor = os.open(path, os.O_RDWR)
    os.chmod(path, 0o000)
    t.equal(os.pread(descriptor, 7, 0), b"content", "a descriptor opened before chmod() to 0000 should still read")
    t.works("a descriptor opened before should still write", os.pwrite, descriptor, b"CHANGED", 0)
    t.works("and flush", os.fsync, descriptor)
    t.works("fchmod() should succeed", os.fchmod, descriptor, 0o400)
    t.equal(mode_of(path), oct(0o400), "fchmod() should change the mode")
    # As long as it is open, an NFSv4 client may open it again by itself, without asking the server.
    os.close(descriptor)
    t.equal(files.read_from_server(path), b"CHANGED", "reading a file after chmod() to 0400 should give the data")
    t.fails(errno.EACCES, "writing a file after chmod() to 0400", os.open, path, os.O_WRONLY)
    os.chmod(t.symlink(path), 0o666)
    t.equal(mode_of(path), oct(0o666), "chmod() of a symbolic link should change its target")
    folder = t.folder()
    os.mknod(folder + "/inside", 0o644)
    os.chmod(folder, 0o500)
    t.fails(errno.EACCES, "new file after chmod() of its directory to 0500", os.mknod, folder + "/new", 0o644)
    os.chmod(folder, 0o300)
    t.fails(errno.EACCES, "listing a directory after chmod() to 0300", os.listdir, folder)
    t.works("new file after chmod() of its directory to 0300", os.mknod, folder + "/new", 0o644)
    os.chmod(folder, 0o700)
    t.equal(sorted(os.listdir(folder)), ["inside", "new"], "listing a directory after chmod() to 0700")
