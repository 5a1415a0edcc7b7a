import errno
import os

from .. import libc


def readlink(t):
    """Reading symbolic links to files, to directories and to nothing."""
    path, folder = t.file(), t.folder()
    for what, target in (
        ("a file", path), ("a directory", folder), ("a missing file", t.path()), ("a relative name", "../x/./y"),
        ("a name of one byte", "x"), ("a name with blanks", "two words "), ("a name that is not ASCII", "\u00fcber/\u65e5\u672c"),
        ("a name with a slash behind", "x/"), ("a name of 1000 bytes", "/".join(["n" * 99] * 10)),
    ):
        link = t.symlink(target)
        t.equal(t.works("readlink() of a link to %s should succeed" % what, os.readlink, link), target, "readlink() should return the path to %s" % what)
        t.equal(os.lstat(link).st_size, len(target.encode()), "st_size should be the length of the path to %s" % what)
    link = t.symlink("0123456789")
    t.equal(libc.readlink(link, 100), (10, b"0123456789"), "a larger buffer: the length of the path should be returned")
    t.equal(libc.readlink(link, 10), (10, b"0123456789"), "a buffer of the same size: the whole path, without a NUL")
    t.equal(libc.readlink(link, 4), (4, b"0123"), "a smaller buffer: the path should be cut")
    second = t.symlink(link)
    t.equal(os.readlink(second), link, "link to a link should be read, not followed")
    t.works("link to itself can be read", os.readlink, t.loop())
    os.rename(link, t.path("moved"))
    t.equal(os.readlink(t.path("moved")), "0123456789", "renamed link should keep its path")

    t.fails(errno.EINVAL, "regular file", os.readlink, path)
    t.fails(errno.EINVAL, "directory", os.readlink, folder)
    t.fails(errno.ENOENT, "missing link", os.readlink, t.path())
    t.fails(errno.ENOENT, "empty path", os.readlink, "")
    t.fails(errno.ENOTDIR, "file in the middle of the path", os.readlink, path + "/x")
    t.fails(errno.ELOOP, "symbolic link to itself in the middle of the path", os.readlink, t.loop() + "/x")
    t.fails(errno.ENAMETOOLONG, "name longer than f_namemax", os.readlink, t.long_name())
    os.symlink("x", folder + "/link")
    os.chmod(folder, 0o600)
    t.fails(errno.EACCES, "link in a directory without search permission", os.readlink, folder + "/link")
