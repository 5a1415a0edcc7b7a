import errno
import os
from stat import S_IMODE, S_ISDIR


def mkdir(t):
    """New directories: mode, owner, times of the parent; names that exist are refused."""
    parent = t.folder()
    path = os.path.join(parent, "new")
    with t.touches(parent, "parent directory"):
        t.works("mkdir() should succeed", os.mkdir, path, 0o755)
    status = os.stat(path)
    t.ok(S_ISDIR(status.st_mode), "directory should be created")
    t.equal(oct(S_IMODE(status.st_mode)), oct(0o755), "mode of the new directory should be right")
    t.equal(status.st_uid, os.geteuid(), "st_uid of the new directory should be the user's")
    t.equal(os.listdir(path), [], "new directory should be empty")
    t.equal(os.stat(path + "/.").st_ino, status.st_ino, "'.' should be the directory itself")
    t.equal(os.stat(path + "/..").st_ino, os.stat(parent).st_ino, "'..' should be the parent")
    t.equal(os.listdir(parent), ["new"], "parent should list the new directory")
    for mask, mode in ((0o022, 0o755), (0o077, 0o700), (0o707, 0o070)):
        masked = t.path()
        os.umask(mask)
        os.mkdir(masked, 0o777)
        os.umask(0)
        t.equal(oct(S_IMODE(os.stat(masked).st_mode)), oct(mode), "mode 0777 with umask 0%03o" % mask)
        os.chmod(masked, 0o700)
    deep = path
    with t.group("directories below directories, 10 levels") as group:
        for level in range(10):
            deep = os.path.join(deep, "d")
            group.works("level %d" % level, os.mkdir, deep)
    t.ok(os.path.isdir(deep), "the lowest directory should exist")
    t.works("name of exactly f_namemax bytes", os.mkdir, t.long_name(0))
    t.works("name with a slash behind", os.mkdir, t.path() + "/")

    t.fails(errno.EEXIST, "name exists as a directory", os.mkdir, path)
    t.fails(errno.EEXIST, "name exists as a file", os.mkdir, t.file())
    t.fails(errno.EEXIST, "name exists as a symbolic link to a directory", os.mkdir, t.symlink(path))
    t.fails(errno.EEXIST, "name exists as a symbolic link to a file", os.mkdir, t.symlink(t.file()))
    t.fails(errno.EEXIST, "name exists as a dangling symbolic link", os.mkdir, t.symlink("missing"))
    t.fails(errno.ENOENT, "missing parent", os.mkdir, t.path() + "/x")
    t.fails(errno.ENOENT, "empty path", os.mkdir, "")
    t.fails(errno.ENOTDIR, "parent is a file", os.mkdir, t.file() + "/x")
    t.fails(errno.ENAMETOOLONG, "name longer than f_namemax", os.mkdir, t.long_name())
    t.fails(errno.ELOOP, "symbolic link to itself in the middle of the path", os.mkdir, t.loop() + "/x")
    t.fails(errno.EACCES, "parent without write permission", os.mkdir, t.folder(0o500) + "/x")
    t.fails(errno.EACCES, "parent without search permission", os.mkdir, t.folder(0o600) + "/x")
