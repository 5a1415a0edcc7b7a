import errno
import os

from .. import libc

REQUESTS = (
    (os.F_OK, "F_OK"), (os.R_OK, "R_OK"), (os.W_OK, "W_OK"), (os.X_OK, "X_OK"),
    (os.R_OK | os.W_OK, "R_OK|W_OK"), (os.R_OK | os.X_OK, "R_OK|X_OK"), (os.W_OK | os.X_OK, "W_OK|X_OK"),
    (os.R_OK | os.W_OK | os.X_OK, "R_OK|W_OK|X_OK"),
)


def matrix(t, path, what):
    """All requests on all modes of the owner."""
    for bits in range(7, -1, -1):
        mode = bits << 6
        os.chmod(path, mode)
        with t.group("requests on %s with mode 0%03o" % (what, mode)) as group:
            for request, name in REQUESTS:
                if request & ~bits:
                    group.fails(errno.EACCES, "%s is refused" % name, libc.access, path, request)
                else:
                    group.works("%s is allowed" % name, libc.access, path, request)


def access(t):
    """Permission checks of access() for every combination of owner mode and request."""
    path = t.file()
    t.works("existing file with F_OK", libc.access, path, os.F_OK)
    t.fails(errno.ENOENT, "missing file", libc.access, t.path(), os.F_OK)
    t.fails(errno.ENOENT, "empty path", libc.access, "", os.F_OK)
    t.fails(errno.ENOTDIR, "file in the place of a directory", libc.access, path + "/x", os.F_OK)
    t.fails(errno.ENAMETOOLONG, "name longer than f_namemax", libc.access, t.long_name(), os.F_OK)
    t.fails(errno.ELOOP, "symbolic link to itself", libc.access, t.loop(), os.F_OK)
    t.fails(errno.ENOENT, "dangling symbolic link", libc.access, t.symlink("missing"), os.F_OK)
    matrix(t, path, "file")
    matrix(t, t.folder(), "directory")

    # The owner's bits decide for the owner, not those of group and others.
    os.chmod(path, 0o077)
    t.fails(errno.EACCES, "the owner's bits count for the owner, mode 0077", libc.access, path, os.R_OK)
    os.chmod(path, 0o400)
    link = t.symlink(path)
    t.works("symbolic link: R_OK of its target", libc.access, link, os.R_OK)
    t.fails(errno.EACCES, "symbolic link: W_OK of its target", libc.access, link, os.W_OK)

    folder = t.folder()
    inside = os.path.join(folder, "inside")
    os.close(os.open(inside, os.O_CREAT | os.O_WRONLY, 0o644))
    os.chmod(folder, 0o600)
    t.fails(errno.EACCES, "file in a directory without search permission", libc.access, inside, os.F_OK)
    os.chmod(folder, 0o100)
    t.works("file in a directory with search permission only", libc.access, inside, os.R_OK)
