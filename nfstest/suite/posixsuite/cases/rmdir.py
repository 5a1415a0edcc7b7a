import errno
import os


def rmdir(t):
    """Removing directories; those that are not empty stay; times of the parent."""
    parent = t.folder()
    path = parent + "/new"
    os.mkdir(path)
    with t.touches(parent, "parent directory"):
        t.works("rmdir() should succeed", os.rmdir, path)
    t.ok(not os.path.lexists(path), "directory should be gone")
    t.equal(os.listdir(parent), [], "parent should not list it any more")
    t.fails(errno.ENOENT, "removed a second time", os.rmdir, path)
    t.works("name can be used again", os.mkdir, path)
    os.chmod(path, 0o000)
    t.works("directory without any permission can be removed", os.rmdir, path)
    longest = t.long_name(0)
    os.mkdir(longest)
    t.works("name of exactly f_namemax bytes", os.rmdir, longest)

    full = t.folder()
    not_empty = (errno.ENOTEMPTY, errno.EEXIST)
    os.mknod(full + "/file", 0o644)
    t.fails(not_empty, "directory with a file", os.rmdir, full)
    os.unlink(full + "/file")
    os.mkdir(full + "/folder")
    t.fails(not_empty, "directory with a directory", os.rmdir, full)
    os.rmdir(full + "/folder")
    os.symlink("missing", full + "/link")
    t.fails(not_empty, "directory with a dangling symbolic link", os.rmdir, full)
    os.unlink(full + "/link")
    t.works("directory that was emptied can be removed", os.rmdir, full)

    folder = t.folder()
    t.fails(errno.ENOENT, "missing directory", os.rmdir, t.path())
    t.fails(errno.ENOENT, "empty path", os.rmdir, "")
    t.fails(errno.ENOTDIR, "regular file", os.rmdir, t.file())
    t.fails(errno.ENOTDIR, "file in the middle of the path", os.rmdir, t.file() + "/x")
    t.fails(errno.ENOTDIR, "symbolic link to a directory", os.rmdir, t.symlink(folder))
    t.fails(errno.EINVAL, "last part of the path is '.'", os.rmdir, folder + "/.")
    t.fails(errno.ELOOP, "symbolic link to itself in the middle of the path", os.rmdir, t.loop() + "/x")
    t.fails(errno.ENAMETOOLONG, "name longer than f_namemax", os.rmdir, t.long_name())
    locked = t.folder()
    os.mkdir(locked + "/x")
    os.chmod(locked, 0o500)
    t.fails(errno.EACCES, "parent without write permission", os.rmdir, locked + "/x")
    os.chmod(locked, 0o600)
    t.fails(errno.EACCES, "parent without search permission", os.rmdir, locked + "/x")
    os.chmod(locked, 0o700)
    t.ok(os.path.isdir(locked + "/x"), "rmdir() that failed should change nothing")
