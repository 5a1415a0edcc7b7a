"""statvfs and fstatvfs."""
import errno
import os

# What does not change while others use the filesystem.
STEADY = ("f_bsize", "f_frsize", "f_blocks", "f_files", "f_namemax", "f_flag")


def fields(t, status, what):
    t.ok(status.f_bsize > 0, "f_bsize of a %s should be positive" % what, status)
    t.ok(status.f_frsize > 0, "f_frsize of a %s should be positive" % what, status)
    t.ok(status.f_blocks > 0, "f_blocks of a %s should be positive" % what, status)
    t.ok(0 <= status.f_bfree <= status.f_blocks, "f_bfree of a %s should not exceed f_blocks" % what, status)
    t.ok(0 <= status.f_bavail <= status.f_bfree, "f_bavail of a %s should not exceed f_bfree" % what, status)
    t.ok(status.f_bavail > 0, "f_bavail of a %s should leave room for the tests" % what, status)
    t.ok(0 <= status.f_ffree <= status.f_files, "f_ffree of a %s should not exceed f_files" % what, status)
    t.ok(0 <= status.f_favail <= status.f_ffree, "f_favail of a %s should not exceed f_ffree" % what, status)
    t.ok(14 <= status.f_namemax <= 65535, "f_namemax of a %s should be at least _POSIX_NAME_MAX" % what, status)
    t.equal(status.f_flag & os.ST_RDONLY, 0, "f_flag of a %s should not tell ST_RDONLY" % what)


def steady(status):
    return {name: getattr(status, name) for name in STEADY}


def statvfs(t):
    """Filesystem information by path."""
    path, folder = t.file(), t.folder()
    fields(t, t.works("statvfs() of a file should succeed", os.statvfs, path), "file")
    fields(t, t.works("statvfs() of a directory should succeed", os.statvfs, folder), "directory")
    t.equal(steady(os.statvfs(path)), steady(os.statvfs(folder)), "file and directory should be told the same filesystem")
    t.equal(steady(os.statvfs(t.symlink(path))), steady(os.statvfs(path)), "symbolic link should be followed")
    longest = t.long_name(0)
    t.works("name of exactly f_namemax bytes can be created", os.mknod, longest, 0o644)
    t.ok(os.path.basename(longest) in os.listdir(t.dir), "name of exactly f_namemax bytes should be listed in full")
    t.fails(errno.ENAMETOOLONG, "name of one byte more can't be created", os.mknod, t.long_name(1), 0o644)
    t.fails(errno.ENOENT, "missing file", os.statvfs, t.path())
    t.fails(errno.ENOTDIR, "file in the place of a directory", os.statvfs, path + "/x")
    t.fails(errno.ENAMETOOLONG, "name longer than f_namemax", os.statvfs, t.long_name())
    t.fails(errno.ELOOP, "symbolic link to itself", os.statvfs, t.loop())


def fstatvfs(t):
    """Filesystem information through an open file."""
    path, folder = t.file(), t.folder()
    descriptor = t.open(path, os.O_RDONLY)
    fields(t, t.works("fstatvfs() of a file should succeed", os.fstatvfs, descriptor), "file")
    directory = t.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fields(t, t.works("fstatvfs() of a directory should succeed", os.fstatvfs, directory), "directory")
    t.equal(steady(os.fstatvfs(descriptor)), steady(os.statvfs(path)), "fstatvfs() and statvfs() should tell the same")
    t.equal(steady(os.fstatvfs(descriptor)), steady(os.fstatvfs(directory)), "file and directory should be told the same filesystem")
    os.unlink(path)
    t.works("fstatvfs() of an unlinked open file should succeed", os.fstatvfs, descriptor)
    os.close(descriptor)
    t.fails(errno.EBADF, "closed descriptor", os.fstatvfs, descriptor)
    t.fails(errno.EBADF, "negative descriptor", os.fstatvfs, -1)
