"""stat, lstat and fstat."""
import errno
import os
from stat import S_IMODE, S_ISDIR, S_ISLNK, S_ISREG

# Whole seconds plus a part that any resolution down to 1/8 s keeps.
ATIME_NS, MTIME_NS = 1_234_567_890_125_000_000, 1_345_678_901_250_000_000


def fields(t, status, what, is_kind, mode=None, size=None, nlink=None):
    """Assertions on one struct stat."""
    t.ok(is_kind(status.st_mode), "%s should have its type in st_mode" % what, oct(status.st_mode))
    if mode is not None:
        t.equal(oct(S_IMODE(status.st_mode)), oct(mode), "%s should have its permissions in st_mode" % what)
    if nlink is not None:
        t.equal(status.st_nlink, nlink, "%s should have st_nlink %d" % (what, nlink))
    t.equal(status.st_uid, os.geteuid(), "%s should have the user's st_uid" % what)
    t.ok(status.st_gid in {os.getegid(), os.stat(t.dir).st_gid}, "%s should have the group of the user or of its parent" % what, "got %d" % status.st_gid)
    if size is not None:
        t.equal(status.st_size, size, "%s should have its st_size" % what)
    t.ok(status.st_ino > 0, "%s should have an st_ino" % what)
    t.equal(status.st_dev, os.stat(t.dir).st_dev, "%s should have the st_dev of its parent" % what)
    t.ok(status.st_blksize > 0, "%s should have an st_blksize" % what)
    with t.group("%s should have all three times" % what) as group:
        # The folder was made just before, by the same server.
        oldest = os.stat(t.dir).st_ctime - 60
        for name in ("st_atime", "st_mtime", "st_ctime"):
            group.ok(getattr(status, name) > oldest, name, "got %f" % getattr(status, name))


def same_object(t, function, path, what):
    first, second = function(path), function(path)
    t.equal((first.st_ino, first.st_dev), (second.st_ino, second.st_dev), "%s should keep st_ino and st_dev" % what)


def failures(t, function):
    path = t.file()
    t.fails(errno.ENOENT, "missing file", function, t.path())
    t.fails(errno.ENOENT, "empty path", function, "")
    t.fails(errno.ENOTDIR, "file in the place of a directory", function, path + "/x")
    t.fails(errno.ENOTDIR, "file with a slash behind", function, path + "/")
    t.fails(errno.ENAMETOOLONG, "name longer than f_namemax", function, t.long_name())
    t.fails(errno.ELOOP, "symbolic link to itself in the middle of the path", function, t.loop() + "/x")
    folder = t.folder()
    os.mknod(folder + "/inside", 0o644)
    os.chmod(folder, 0o600)
    t.fails(errno.EACCES, "file in a directory without search permission", function, folder + "/inside")


def stat(t):
    """Attributes of files and directories, also through symbolic links."""
    path = t.file(1234, mode=0o754)
    folder = t.folder(0o750)
    fields(t, os.stat(path), "file", S_ISREG, mode=0o754, size=1234, nlink=1)
    fields(t, os.stat(folder), "directory", S_ISDIR, mode=0o750)
    same_object(t, os.stat, path, "file")
    for what, target in (("file", path), ("directory", folder)):
        t.equal(os.stat(t.symlink(target)), os.stat(target), "symbolic link to a %s: stat() should tell about its target" % what)
    t.ok(os.stat(path).st_ino != os.stat(folder).st_ino, "two objects should have different st_ino")
    t.fails(errno.ENOENT, "dangling symbolic link", os.stat, t.symlink("missing"))
    t.fails(errno.ELOOP, "symbolic link to itself", os.stat, t.loop())
    t.part(failures, os.stat)

    t.info("Times")
    os.utime(path, ns=(ATIME_NS, MTIME_NS))
    status = os.stat(path)
    t.equal(int(status.st_atime_ns / 10**9), ATIME_NS // 10**9, "st_atime should be what was set")
    t.equal(int(status.st_mtime_ns / 10**9), MTIME_NS // 10**9, "st_mtime should be what was set")
    before = status
    t.tick()
    os.chmod(path, 0o600)
    after = os.stat(path)
    t.equal(after.st_mtime_ns, before.st_mtime_ns, "a new mode should leave st_mtime")
    t.ok(after.st_ctime_ns > before.st_ctime_ns, "a new mode should update st_ctime")
    os.truncate(path, 70000)
    t.equal(os.stat(path).st_size, 70000, "st_size should follow truncate() to more")
    os.truncate(path, 7)
    t.equal(os.stat(path).st_size, 7, "st_size should follow truncate() to less")


def lstat(t):
    """Attributes of files, directories and of symbolic links themselves."""
    path = t.file(1234, mode=0o640)
    fields(t, os.lstat(path), "file", S_ISREG, mode=0o640, size=1234, nlink=1)
    fields(t, os.lstat(t.folder(0o711)), "directory", S_ISDIR, mode=0o711)
    link = t.symlink(path)
    fields(t, os.lstat(link), "symbolic link", S_ISLNK, size=len(path.encode()), nlink=1)
    same_object(t, os.lstat, link, "symbolic link")
    t.ok(os.lstat(link).st_ino != os.stat(link).st_ino, "symbolic link and its target should have different st_ino")
    fields(t, os.lstat(t.symlink("missing")), "dangling symbolic link", S_ISLNK, size=7, nlink=1)
    t.ok(S_ISLNK(t.works("symbolic link to itself", os.lstat, t.loop()).st_mode), "symbolic link to itself should have its type")
    folder = t.folder()
    t.ok(S_ISDIR(os.lstat(t.symlink(folder) + "/").st_mode), "symbolic link with a slash behind should be followed")
    t.part(failures, os.lstat)


def fstat(t):
    """Attributes of an open file, also while it is written."""
    path = t.file(1234, mode=0o640)
    descriptor = t.open(path, os.O_RDWR)
    fields(t, os.fstat(descriptor), "file", S_ISREG, mode=0o640, size=1234, nlink=1)
    t.equal(os.fstat(descriptor), os.stat(path), "fstat() and stat() should tell the same")
    folder = t.folder(0o755)
    fields(t, os.fstat(t.open(folder, os.O_RDONLY | os.O_DIRECTORY)), "directory", S_ISDIR, mode=0o755)
    through = t.open(t.symlink(path), os.O_RDONLY)
    t.equal(os.fstat(through).st_ino, os.stat(path).st_ino, "file opened through a symbolic link should be its target")
    itself = t.open(t.symlink(path), os.O_PATH | os.O_NOFOLLOW)
    fields(t, os.fstat(itself), "symbolic link", S_ISLNK, size=len(path.encode()), nlink=1)

    os.pwrite(descriptor, b"x" * 100, 2000)
    t.equal(os.fstat(descriptor).st_size, 2100, "st_size should follow write()")
    os.ftruncate(descriptor, 10)
    t.equal(os.fstat(descriptor).st_size, 10, "st_size should follow ftruncate()")
    os.fchmod(descriptor, 0o600)
    t.equal(oct(S_IMODE(os.fstat(descriptor).st_mode)), oct(0o600), "st_mode should follow fchmod()")
    os.link(path, t.path())
    t.equal(os.fstat(descriptor).st_nlink, 2, "st_nlink should follow link()")
    inode = os.fstat(descriptor).st_ino
    os.rename(path, t.path())
    t.equal(os.fstat(descriptor).st_ino, inode, "st_ino should stay after rename()")
    os.close(descriptor)
    t.fails(errno.EBADF, "closed descriptor", os.fstat, descriptor)
    t.fails(errno.EBADF, "negative descriptor", os.fstat, -1)
